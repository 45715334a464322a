#include "common/sync/process_identity.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/ring/asleep.hpp"

namespace busbar::sync {
namespace {

/// A child that does nothing until it is killed.
class Child {
 public:
  explicit Child(void (*body)() =
                     [] {
                       for (;;) ::pause();
                     })
      : pid_(::fork()) {
    if (pid_ == 0) {
      body();
      ::_exit(0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { reap(); }

  pid_t pid() const { return pid_; }
  ProcessIdentity identity() const {
    ProcessIdentity identity = own_identity();
    identity.pid = static_cast<std::uint64_t>(pid_);
    identity.start_time = start_time_of(identity.pid).value_or(0);
    return identity;
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  void reap() {
    if (pid_ <= 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_;
};

TEST(ProcessIdentityTest, OwnOneIsCompleteAndAlive) {
  const ProcessIdentity own = own_identity();
  EXPECT_EQ(own.pid, static_cast<std::uint64_t>(::getpid()));
  EXPECT_NE(own.start_time, 0u);
  EXPECT_NE(own.pid_namespace, 0u);
  EXPECT_FALSE(known_dead(own));
}

TEST(ProcessIdentityTest, StaysTheSame) {
  const ProcessIdentity first = own_identity();
  const ProcessIdentity second = own_identity();
  EXPECT_EQ(first.start_time, second.start_time);
  EXPECT_EQ(first.pid_namespace, second.pid_namespace);
}

TEST(KnownDead, IsFalseForALiveChildAndTrueOnceItIsReaped) {
  Child child;
  const ProcessIdentity identity = child.identity();
  ASSERT_NE(identity.start_time, 0u);
  EXPECT_FALSE(known_dead(identity));
  child.reap();
  EXPECT_TRUE(known_dead(identity));
}

TEST(KnownDead, IsTrueForAKilledChildThatNobodyHasReaped) {
  Child child;
  const ProcessIdentity identity = child.identity();
  child.kill();
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(known_dead(identity));
}

TEST(KnownDead, IsFalseForAStoppedChild) {
  Child child;
  const ProcessIdentity identity = child.identity();
  ::kill(child.pid(), SIGSTOP);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED), 0);
  EXPECT_FALSE(known_dead(identity));
}

// The first thread of a process may end before the others: its entry then looks like a zombie's.
TEST(KnownDead, IsFalseWhileOtherThreadsOutliveTheFirstOne) {
  Child child([] {
    pthread_t thread{};
    ::pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          for (;;) ::pause();
        },
        nullptr);
    // The system call, not pthread_exit: it must not run the test program's destructors.
    ::syscall(SYS_exit, 0);
  });
  const ProcessIdentity identity = child.identity();
  ASSERT_NE(identity.start_time, 0u);
  while (test::thread_state(child.pid(), child.pid()) != 'Z') ::sched_yield();
  EXPECT_FALSE(known_dead(identity));
}

TEST(KnownDead, TellsAReusedPidByItsStartTime) {
  ProcessIdentity earlier = own_identity();
  earlier.start_time -= 1;
  EXPECT_TRUE(known_dead(earlier));
}

TEST(KnownDead, IsNeverTrueForAnotherNamespace) {
  Child child;
  ProcessIdentity identity = child.identity();
  child.reap();
  identity.pid_namespace += 1;
  EXPECT_FALSE(known_dead(identity));
}

// It reads other start times than we do, of itself too.
TEST(KnownDead, IsFalseForALiveProcessOfAnotherTimeNamespace) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  static int told;
  told = ends[1];
  Child parent([] {
    ProcessIdentity nobody;
    const auto tell = [](const ProcessIdentity& identity) {
      [[maybe_unused]] const ssize_t written = ::write(told, &identity, sizeof identity);
    };
    // Of the children alone, so one is needed.
    if (::unshare(CLONE_NEWTIME) != 0) return tell(nobody);
    const int offsets = ::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    if (::write(offsets, "boottime 1000 0", 15) != 15) return tell(nobody);
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      tell(own_identity());
      for (;;) ::pause();
    }
    for (;;) ::pause();
  });
  ProcessIdentity other;
  ASSERT_EQ(::read(ends[0], &other, sizeof other), static_cast<ssize_t>(sizeof other));
  ::close(ends[0]);
  ::close(ends[1]);
  if (other.pid == 0) GTEST_SKIP() << "no time namespace may be made here";
  EXPECT_NE(other.start_time, start_time_of(other.pid));
  EXPECT_FALSE(known_dead(other));
}

TEST(KnownDead, IsNeverTrueForAnIncompleteIdentity) {
  Child child;
  const ProcessIdentity dead = child.identity();
  child.reap();
  EXPECT_FALSE(known_dead({}));
  EXPECT_FALSE(known_dead({0, dead.start_time, dead.pid_namespace}));
  EXPECT_FALSE(known_dead({dead.pid, 0, dead.pid_namespace}));
  EXPECT_FALSE(known_dead({dead.pid, dead.start_time, 0}));
}

TEST(StartTime, IsNothingForWhatIsNoProcess) {
  EXPECT_FALSE(start_time_of(0));
  EXPECT_FALSE(start_time_of(~std::uint64_t{0}));
}

TEST(StartTime, IsFoundBehindACommandWithBracketsAndSpaces) {
  char before[16] = {};
  ASSERT_EQ(::pthread_getname_np(::pthread_self(), before, sizeof before), 0);
  const auto expected = start_time_of(static_cast<std::uint64_t>(::getpid()));
  ASSERT_EQ(::pthread_setname_np(::pthread_self(), "a) Z 1 2 (b) 3"), 0);
  EXPECT_EQ(start_time_of(static_cast<std::uint64_t>(::getpid())), expected);
  EXPECT_FALSE(known_dead(own_identity()));
  ::pthread_setname_np(::pthread_self(), before);
}

}  // namespace
}  // namespace busbar::sync
