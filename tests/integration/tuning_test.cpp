// tune_this_thread() in processes of its own, and what it says where the system refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <busbar/tuning.hpp>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace busbar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// AddressSanitizer has mlockall do nothing and say that it did.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kLocksAreIgnored = true;
#else
constexpr bool kLocksAreIgnored = false;
#endif

/// A thread of its own for what is tried: the others stay as they are.
void on_a_thread(const std::function<void()>& what) {
  std::thread(what).join();
}

/// The calling thread alone can then ask for nothing beyond its limits.
void without_privileges() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
}

/// A limit of this process while it lives.
class Limit {
 public:
  Limit(__rlimit_resource what, rlim_t value) : what_(what) {
    ::getrlimit(what, &before_);
    const rlimit now{value, before_.rlim_max};
    ::setrlimit(what, &now);
  }
  ~Limit() { ::setrlimit(what_, &before_); }

 private:
  __rlimit_resource what_;
  rlimit before_{};
};

std::optional<std::uint32_t> a_processor() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return std::nullopt;
  for (std::uint32_t cpu = CPU_SETSIZE; cpu-- > 0;) {
    if (CPU_ISSET(cpu, &set)) return cpu;
  }
  return std::nullopt;
}

TEST(Tuning, OfNothingChangesNothingAndReportsNothing) {
  on_a_thread([] {
    cpu_set_t before, after;
    ::sched_getaffinity(0, sizeof before, &before);
    const TuningReport report = tune_this_thread({});
    ::sched_getaffinity(0, sizeof after, &after);
    EXPECT_THAT(report.steps, IsEmpty());
    EXPECT_TRUE(report.all_granted());
    EXPECT_TRUE(CPU_EQUAL(&before, &after));
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  });
}

TEST(Tuning, PinsTheCallingThreadAndNoOther) {
  const auto cpu = a_processor();
  ASSERT_TRUE(cpu);
  cpu_set_t before, after;
  ::sched_getaffinity(0, sizeof before, &before);
  on_a_thread([&] {
    const TuningReport report = tune_this_thread({.cpu = cpu});
    EXPECT_TRUE(report.all_granted()) << report.text();
    cpu_set_t mine;
    ::sched_getaffinity(0, sizeof mine, &mine);
    EXPECT_EQ(CPU_COUNT(&mine), 1);
    EXPECT_TRUE(CPU_ISSET(*cpu, &mine));
    EXPECT_EQ(::sched_getcpu(), static_cast<int>(*cpu));
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  });
  ::sched_getaffinity(0, sizeof after, &after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(Tuning, SaysThatAProcessorIsNotThereAndLeavesTheThreadWhereItMayRun) {
  for (const std::uint32_t cpu : {8191u, 4294967295u}) {
    on_a_thread([cpu] {
      cpu_set_t before, after;
      ::sched_getaffinity(0, sizeof before, &before);
      const TuningReport report = tune_this_thread({.cpu = cpu});
      ASSERT_EQ(report.steps.size(), 1u);
      EXPECT_FALSE(report.all_granted());
      EXPECT_THAT(report.steps[0].why, HasSubstr("not there"));
      EXPECT_THAT(report.steps[0].remedy, HasSubstr("AllowedCPUs="));
      ::sched_getaffinity(0, sizeof after, &after);
      EXPECT_TRUE(CPU_EQUAL(&before, &after));
    });
  }
}

TEST(Tuning, MakesAThreadOneOfRealTime) {
  on_a_thread([] {
    const TuningReport report = tune_this_thread({.fifo_priority = 1});
    if (!report.all_granted()) GTEST_SKIP() << report.text();
    sched_param parameters{};
    ::sched_getparam(0, &parameters);
    EXPECT_EQ(::sched_getscheduler(0), SCHED_FIFO);
    EXPECT_EQ(parameters.sched_priority, 1);
  });
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

TEST(Tuning, SaysWhyItIsNoneOfRealTimeAndWhatWouldHelp) {
  on_a_thread([] {
    without_privileges();
    const Limit limit(RLIMIT_RTPRIO, 0);
    const TuningReport report = tune_this_thread({.fifo_priority = 10});
    ASSERT_EQ(report.steps.size(), 1u);
    EXPECT_FALSE(report.steps[0].granted);
    EXPECT_THAT(report.steps[0].why, Not(IsEmpty()));
    EXPECT_THAT(report.text(), HasSubstr("LimitRTPRIO="));
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  });
}

TEST(Tuning, RefusesAPriorityThatThereIsNot) {
  on_a_thread([] {
    for (const std::uint32_t priority : {0u, 100u, 4294967295u}) {
      const TuningReport report = tune_this_thread({.fifo_priority = priority});
      EXPECT_THAT(report.text(), HasSubstr("1 to 99"));
    }
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  });
}

TEST(Tuning, SaysThatMemoryMayNotBeLockedAndTheLimit) {
  if (kLocksAreIgnored) GTEST_SKIP();
  on_a_thread([] {
    without_privileges();
    const Limit limit(RLIMIT_MEMLOCK, 65536);
    const TuningReport report = tune_this_thread({.lock_memory = true});
    ASSERT_EQ(report.steps.size(), 1u);
    EXPECT_FALSE(report.steps[0].granted);
    EXPECT_THAT(report.steps[0].why, HasSubstr("64KiB"));
    EXPECT_THAT(report.steps[0].remedy, HasSubstr("LimitMEMLOCK="));
  });
}

TEST(Tuning, LocksTheMemoryOfTheProcess) {
  if (kLocksAreIgnored) GTEST_SKIP();
  const pid_t child = ::fork();
  if (child == 0) {
    const TuningReport report = tune_this_thread({.lock_memory = true});
    std::ifstream status("/proc/self/status");
    bool locked = false;
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmLck:")) locked = std::stoull(line.substr(6)) > 0;
    }
    ::_exit(report.all_granted() ? (locked ? 0 : 1) : 77);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "not granted here";
  EXPECT_EQ(status, 0);
}

TEST(Tuning, GoesOnBehindARefusal) {
  on_a_thread([] {
    const TuningReport report = tune_this_thread({.cpu = 8191, .fifo_priority = 100});
    ASSERT_EQ(report.steps.size(), 2u);
    EXPECT_EQ(report.steps[0].what, "processor 8191");
    EXPECT_EQ(report.steps[1].what, "SCHED_FIFO priority 100");
  });
}

}  // namespace
}  // namespace busbar::test
