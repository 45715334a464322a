#include "client/src/fork_guard.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

namespace busbar::test {
namespace {

/// The exit status of a child that does this; one that hangs is ended by its alarm.
int status_of_child(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(work() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(ForkGuard, TellsInheritedHandlesFromNewOnes) {
  const ForkGuard inherited;
  EXPECT_EQ(status_of_child([&] { return inherited.forked() && !ForkGuard().forked(); }), 0);
  EXPECT_FALSE(inherited.forked());
}

TEST(ForkGuard, CanBeMadeInAChildThatWasForkedWhileOthersMadeOne) {
  std::atomic<bool> over{false};
  std::thread busy([&] {
    while (!over) ForkGuard();
  });
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(status_of_child([] { return !ForkGuard().forked(); }), 0) << i;
  }
  over = true;
  busy.join();
}

}  // namespace
}  // namespace busbar::test
