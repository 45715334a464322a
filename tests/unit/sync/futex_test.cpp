#include "common/sync/futex.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>

#include "tests/ring/asleep.hpp"

namespace busbar::sync {
namespace {

using namespace std::chrono_literals;

TEST(Futex, DoesNotSleepOnAnotherValue) {
  std::atomic<std::uint32_t> word{1};
  futex_wait(word, 0, 1h);
}

TEST(Futex, KeepsErrno) {
  std::atomic<std::uint32_t> word{1};
  errno = 123;
  futex_wait(word, 0, 1h);
  EXPECT_EQ(errno, 123);
  futex_wait(word, 1, 1us);
  EXPECT_EQ(errno, 123);
  futex_wake(word, INT_MAX);
  EXPECT_EQ(errno, 123);
}

TEST(Futex, WakesASleeper) {
  std::atomic<std::uint32_t> word{0};
  test::Sleeper sleeper([&] {
    while (word.load() == 0) futex_wait(word, 0, 1h);
  });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  word.store(1);
  futex_wake(word, 1);
}

}  // namespace
}  // namespace busbar::sync
