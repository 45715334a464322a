#include "daemon/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "daemon/descriptor_store.hpp"
#include "daemon/handed_over.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// ---- what is supervised: this program, running one of the tests that are not run otherwise ----

/// The lines of the file in which each start leaves one.
std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

UniqueFd memory(const std::string& text) {
  UniqueFd fd(::memfd_create("stored", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return fd;
}

std::string text_of(const UniqueFd& fd) {
  std::array<char, 64> bytes;
  const ssize_t size = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

/// One start of a broker that is none: notes what it was handed, gives some away.
struct Supervised : ::testing::Test {
  Supervised() {
    std::string line;
    for (const std::string& name : store.names()) {
      line += name + "=" + text_of(store.take(name)) + " ";
    }
    std::ofstream(report, std::ios::app) << line << '\n';
  }
  int count() const { return static_cast<int>(lines_of(report).size()); }

  std::string report = std::getenv("SUPERVISED_REPORT");
  EventLoop loop;
  std::optional<NotifySocket> socket{std::in_place, loop, notify_address()};
  DescriptorStore store{*socket, take_handed_over().stored};
};

TEST_F(Supervised, DISABLED_KeepsAndIsKilled) {
  if (count() == 3) ::_exit(0);
  store.keep("last", memory(std::to_string(count())).get());
  store.keep("n" + std::to_string(count()), memory("x").get());
  ::kill(::getpid(), SIGKILL);
}

TEST_F(Supervised, DISABLED_KeepsMany) {
  if (count() == 2) ::_exit(store.available() ? 0 : 2);
  for (int i = 0; i < 2000; ++i) store.keep(std::to_string(i), memory("m").get());
  socket.reset();  // more than the supervisor's queue takes at once
  ::kill(::getpid(), SIGKILL);
}

TEST_F(Supervised, DISABLED_Drops) {
  if (count() == 3) ::_exit(0);
  if (count() == 1) store.keep("one", memory("1").get());
  if (count() == 2) store.drop("one");
  ::kill(::getpid(), SIGKILL);
}

TEST_F(Supervised, DISABLED_KeepsWhileTheSupervisorIsBusy) {
  if (count() == 2) ::_exit(0);
  const pid_t self = ::getpid();
  const pid_t supervisor = ::getppid();
  ::kill(supervisor, SIGSTOP);
  ::kill(supervisor, SIGHUP);  // its next turn begins with signals
  if (::fork() == 0) {
    while (::getppid() == self) ::usleep(100);
    ::kill(supervisor, SIGCONT);
    ::_exit(0);
  }
  store.keep("last", memory("m").get());
  ::kill(self, SIGKILL);
}

TEST_F(Supervised, DISABLED_HasAChildThatKeeps) {
  if (count() == 2) ::_exit(0);
  const pid_t child = ::fork();
  if (child != 0) ::waitpid(child, nullptr, 0);
  store.keep(child == 0 ? "childs" : "own", memory("m").get());
  ::kill(::getpid(), SIGKILL);
}

TEST_F(Supervised, DISABLED_EndsWithStatus) {
  ::_exit(std::atoi(std::getenv("SUPERVISED_STATUS")) - count() + 1);
}

TEST_F(Supervised, DISABLED_IsKilledWhenAskedToEnd) {
  ::kill(::getppid(), SIGTERM);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  int signal = 0;
  ::sigwait(&set, &signal);
  ::kill(::getpid(), SIGKILL);
}

// ---- the supervisor ----

struct SupervisorTest : ::testing::Test {
  /// What a supervisor of this "broker" ends with; 300: it was killed.
  int supervise(const std::string& name, const std::string& status = "0") const {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::setenv("SUPERVISED_REPORT", report.c_str(), 1);
      ::setenv("SUPERVISED_STATUS", status.c_str(), 1);
      ::_exit(Supervisor({"/proc/self/exe",
                          {"supervised", "--gtest_filter=Supervised.DISABLED_" + name,
                           "--gtest_also_run_disabled_tests", "--gtest_brief=1"}})
                  .run());
    }
    int end = 0;
    ::waitpid(pid, &end, 0);
    return WIFEXITED(end) ? WEXITSTATUS(end) : 300;
  }
  std::vector<std::string> starts() const { return lines_of(report); }

  test::TemporaryDirectory directory;
  std::string report = directory.path("report");
};

TEST_F(SupervisorTest, HandsOverWhatAKilledBrokerGaveIt) {
  EXPECT_EQ(supervise("KeepsAndIsKilled"), 0);
  EXPECT_THAT(starts(), ElementsAre("", "last=1 n1=x ", "last=2 n1=x n2=x "));
}

TEST_F(SupervisorTest, KeepsMoreThanItsQueueTakes) {
  EXPECT_EQ(supervise("KeepsMany"), 0);
  ASSERT_THAT(starts(), SizeIs(2));
  std::string all;
  for (int i = 0; i < 2000; ++i) all += std::to_string(i) + "=m ";
  EXPECT_EQ(starts()[1].size(), all.size());
}

TEST_F(SupervisorTest, KeepsWhatItHearsAfterTheBrokersDeath) {
  EXPECT_EQ(supervise("KeepsWhileTheSupervisorIsBusy"), 0);
  EXPECT_THAT(starts(), ElementsAre("", "last=m "));
}

TEST_F(SupervisorTest, ForgetsWhatTheBrokerDrops) {
  EXPECT_EQ(supervise("Drops"), 0);
  EXPECT_THAT(starts(), ElementsAre("", "one=1 ", ""));
}

TEST_F(SupervisorTest, ListensToTheBrokerAlone) {
  EXPECT_EQ(supervise("HasAChildThatKeeps"), 0);
  EXPECT_THAT(starts(), ElementsAre("", "own=m "));
}

TEST_F(SupervisorTest, StartsABrokerAnewThatCouldNotGoOn) {
  EXPECT_EQ(supervise("EndsWithStatus", "1"), 0);  // 1, then 0
  EXPECT_THAT(starts(), SizeIs(2));
}

TEST_F(SupervisorTest, DoesNotStartABrokerAnewThatIsConfiguredWrong) {
  EXPECT_EQ(supervise("EndsWithStatus", "2"), 2);
  EXPECT_THAT(starts(), SizeIs(1));
}

TEST_F(SupervisorTest, EndsWithABrokerThatWasStopped) {
  EXPECT_EQ(supervise("EndsWithStatus", "0"), 0);
  EXPECT_THAT(starts(), SizeIs(1));
}

TEST_F(SupervisorTest, DoesNotStartABrokerAnewOnceItIsToEnd) {
  EXPECT_EQ(supervise("IsKilledWhenAskedToEnd"), 128 + SIGKILL);
  EXPECT_THAT(starts(), SizeIs(1));
}

}  // namespace
}  // namespace busbar::daemon
