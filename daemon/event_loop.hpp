#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "common/base/unique_fd.hpp"
#include "daemon/latency_histogram.hpp"

namespace busbar::daemon {

class EventLoop;

/// A descriptor that an EventLoop watches; destruction ends that. Move-only; main thread only; must
/// not outlive its loop. The descriptor must stay open as long.
class Watch {
 public:
  Watch() noexcept = default;
  Watch(Watch&& other) noexcept;
  Watch& operator=(Watch&& other) noexcept;
  ~Watch();

  /// What to wait for from now on (EPOLLIN, ...; 0: only hang-ups, which cannot be masked).
  void change(std::uint32_t events);
  void reset() noexcept;
  /// Whether it watches something.
  explicit operator bool() const noexcept { return loop_ != nullptr; }

 private:
  friend class EventLoop;
  Watch(EventLoop* loop, int fd, std::uint64_t token) noexcept
      : loop_(loop), fd_(fd), token_(token) {}

  EventLoop* loop_ = nullptr;
  int fd_ = -1;
  std::uint64_t token_ = 0;
};

/// epoll and one alarm. Waits without a limit unless the alarm is set: an idle broker never wakes
/// up. One thread; handlers may add and end watches, their own included.
class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Handler = std::function<void(std::uint32_t events)>;

  EventLoop();

  /// Calls `handler` with epoll's events. Throws Errc::system.
  Watch watch(int fd, std::uint32_t events, Handler handler);

  /// The alarm goes off once at `when`; nothing: never.
  void set_alarm(std::optional<Clock::time_point> when, std::function<void()> handler);

  void run();
  void stop() noexcept { stopped_ = true; }

  /// How long the turns took, each from the end of one wait to the beginning of the next: so long
  /// something that became ready may have had to wait for others.
  const LatencyHistogram& turns() const noexcept { return turns_; }

 private:
  friend class Watch;
  int wait_limit() const;
  void ring_alarm();
  void dispatch(std::uint64_t token, std::uint32_t events);

  UniqueFd epoll_;
  std::uint64_t last_token_ = 0;
  // Shared, so that a handler that ends its own watch is not destroyed while it runs.
  std::unordered_map<std::uint64_t, std::shared_ptr<Handler>> handlers_;
  std::optional<Clock::time_point> alarm_;
  std::function<void()> on_alarm_;
  LatencyHistogram turns_;
  bool stopped_ = false;
};

}  // namespace busbar::daemon
