#include "daemon/event_loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

epoll_event event_of(std::uint64_t token, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return event;
}

}  // namespace

Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), fd_(other.fd_), token_(other.token_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    fd_ = other.fd_;
    token_ = other.token_;
  }
  return *this;
}

Watch::~Watch() {
  reset();
}

void Watch::change(std::uint32_t events) {
  epoll_event event = event_of(token_, events);
  if (::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_MOD, fd_, &event) != 0) {
    throw system_error("epoll_ctl", errno);
  }
}

void Watch::reset() noexcept {
  if (loop_ == nullptr) return;
  ::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  loop_->handlers_.erase(token_);
  loop_ = nullptr;
}

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw system_error("epoll_create1", errno);
}

Watch EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
  const std::uint64_t token = ++last_token_;
  epoll_event event = event_of(token, events);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw system_error("epoll_ctl", errno);
  }
  handlers_.emplace(token, std::make_shared<Handler>(std::move(handler)));
  return Watch(this, fd, token);
}

void EventLoop::set_alarm(std::optional<Clock::time_point> when, std::function<void()> handler) {
  alarm_ = when;
  on_alarm_ = std::move(handler);
}

void EventLoop::run() {
  std::array<epoll_event, 64> events;
  while (!stopped_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_limit());
    if (count < 0 && errno != EINTR) throw system_error("epoll_wait", errno);
    const Clock::time_point began = Clock::now();
    for (int i = 0; i < count && !stopped_; ++i) {
      dispatch(events[static_cast<std::size_t>(i)].data.u64,
               events[static_cast<std::size_t>(i)].events);
    }
    ring_alarm();
    turns_.record(Clock::now() - began);
  }
}

int EventLoop::wait_limit() const {
  using std::chrono::milliseconds;
  if (!alarm_) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*alarm_ - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void EventLoop::ring_alarm() {
  if (!alarm_ || Clock::now() < *alarm_) return;
  alarm_.reset();
  std::exchange(on_alarm_, nullptr)();
}

void EventLoop::dispatch(std::uint64_t token, std::uint32_t events) {
  const auto at = handlers_.find(token);
  if (at == handlers_.end()) return;  // ended by an earlier event of the same round
  const std::shared_ptr<Handler> handler = at->second;
  (*handler)(events);
}

}  // namespace busbar::daemon
