#include "daemon/timer.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

UniqueFd make_timerfd() {
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) throw system_error("timerfd_create", errno);
  return timer;
}

timespec timespec_of(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {seconds.count(), (time - seconds).count()};
}

}  // namespace

Timer::Timer(EventLoop& loop, std::function<void()> handler)
    : fd_(make_timerfd()), handler_(std::move(handler)) {
  watch_ = loop.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { on_expired(); });
}

void Timer::once(std::chrono::nanoseconds in) {
  start(in, {});
}

void Timer::every(std::chrono::nanoseconds interval) {
  start(interval, interval);
}

void Timer::start(std::chrono::nanoseconds in, std::chrono::nanoseconds interval) {
  const itimerspec when{timespec_of(interval), timespec_of(in)};
  if (::timerfd_settime(fd_.get(), 0, &when, nullptr) != 0) {
    throw system_error("timerfd_settime", errno);
  }
}

void Timer::on_expired() {
  std::uint64_t times = 0;
  if (::read(fd_.get(), &times, sizeof times) == sizeof times) handler_();
}

}  // namespace busbar::daemon
