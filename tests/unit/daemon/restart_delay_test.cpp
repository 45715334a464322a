#include "daemon/restart_delay.hpp"

#include <gtest/gtest.h>

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;

TEST(RestartDelay, IsNoneTheFirstTimeAndGrowsTo5Seconds) {
  RestartDelay delay;
  for (const auto expected : {0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    EXPECT_EQ(delay.next(10ms), expected);
  }
}

TEST(RestartDelay, StartsAnewAfterALongLife) {
  RestartDelay delay;
  for (int i = 0; i < 5; ++i) delay.next(9s);
  EXPECT_EQ(delay.next(10s), 0ms);
  EXPECT_EQ(delay.next(0s), 100ms);
}

}  // namespace
}  // namespace busbar::daemon
