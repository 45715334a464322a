#include "daemon/timer.hpp"

#include <gtest/gtest.h>

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;

TEST(Timer, RingsOnceAndNotBeforeItsTime) {
  EventLoop loop;
  int rung = 0;
  Timer once(loop, [&] { ++rung; });
  Timer end(loop, [&] { loop.stop(); });
  const auto began = EventLoop::Clock::now();
  once.once(2ms);
  end.once(20ms);
  loop.run();
  EXPECT_EQ(rung, 1);
  EXPECT_GE(EventLoop::Clock::now() - began, 20ms);
}

TEST(Timer, RingsAgainAndAgain) {
  EventLoop loop;
  int rung = 0;
  Timer timer(loop, [&] {
    if (++rung == 5) loop.stop();
  });
  timer.every(1ms);
  loop.run();
  EXPECT_EQ(rung, 5);
}

}  // namespace
}  // namespace busbar::daemon
