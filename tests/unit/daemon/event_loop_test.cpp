#include "daemon/event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <optional>
#include <string>

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;

UniqueFd event() {
  return UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

TEST(EventLoop, CallsTheHandlerOfWhatIsReady) {
  EventLoop loop;
  const UniqueFd fd = event();
  std::uint32_t seen = 0;
  const Watch watch = loop.watch(fd.get(), EPOLLIN, [&](std::uint32_t events) {
    seen = events;
    loop.stop();
  });
  ::eventfd_write(fd.get(), 1);
  loop.run();
  EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLIN));
}

TEST(EventLoop, LetsAHandlerEndItsOwnWatch) {
  EventLoop loop;
  const UniqueFd fd = event();
  std::optional<Watch> watch;
  int calls = 0;
  watch = loop.watch(fd.get(), EPOLLIN, [&, big = std::string(100, 'x')](std::uint32_t) {
    watch.reset();
    calls += static_cast<int>(big.size());  // the handler must still be there
    loop.set_alarm(EventLoop::Clock::now() + 1ms, [&] { loop.stop(); });
  });
  ::eventfd_write(fd.get(), 1);
  loop.run();
  EXPECT_EQ(calls, 100);
}

TEST(EventLoop, ForgetsEventsOfAWatchThatEndedInTheSameRound) {
  EventLoop loop;
  const UniqueFd first = event();
  const UniqueFd second = event();
  std::optional<Watch> one;
  std::optional<Watch> two;
  int calls = 0;
  const auto handler = [&](std::uint32_t) {
    ++calls;
    one.reset();
    two.reset();
    loop.stop();
  };
  one = loop.watch(first.get(), EPOLLIN, handler);
  two = loop.watch(second.get(), EPOLLIN, handler);
  ::eventfd_write(first.get(), 1);
  ::eventfd_write(second.get(), 1);
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, ChangesWhatItWaitsFor) {
  EventLoop loop;
  const UniqueFd fd = event();  // can be written at once, read never
  std::uint32_t seen = 0;
  Watch watch = loop.watch(fd.get(), EPOLLIN, [&](std::uint32_t events) {
    seen = events;
    loop.stop();
  });
  watch.change(EPOLLOUT);
  loop.run();
  EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLOUT));
}

TEST(EventLoop, CountsATurnWithoutTheWaitBeforeIt) {
  EventLoop loop;
  const UniqueFd fd = event();
  const Watch watch = loop.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    const auto until = EventLoop::Clock::now() + 2ms;
    while (EventLoop::Clock::now() < until) continue;
    loop.stop();
  });
  const auto began = EventLoop::Clock::now();
  loop.set_alarm(began + 50ms, [&] { ::eventfd_write(fd.get(), 1); });
  loop.run();
  EXPECT_EQ(loop.turns().count(), 2u);
  EXPECT_GE(loop.turns().max(), 2ms);
  EXPECT_LE(loop.turns().max(), EventLoop::Clock::now() - began - 50ms);
}

TEST(EventLoop, RingsItsAlarmNotBeforeItsTime) {
  EventLoop loop;
  const auto when = EventLoop::Clock::now() + 20ms;
  loop.set_alarm(when, [&] { loop.stop(); });
  loop.run();
  EXPECT_GE(EventLoop::Clock::now(), when);
}

TEST(EventLoop, RingsOnlyTheAlarmThatWasSetLast) {
  EventLoop loop;
  int rung = 0;
  loop.set_alarm(EventLoop::Clock::now(), [&] { rung = 1; });
  loop.set_alarm(EventLoop::Clock::now() + 1ms, [&] {
    rung += 2;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(rung, 2);
}

}  // namespace
}  // namespace busbar::daemon
