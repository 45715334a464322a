#pragma once

#include <chrono>
#include <functional>

#include "common/base/unique_fd.hpp"
#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// Calls its handler from the loop, once or again and again. It costs nothing while it is not
/// started. Main thread only; must not outlive its loop.
class Timer {
 public:
  /// Throws Errc::system.
  Timer(EventLoop& loop, std::function<void()> handler);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void once(std::chrono::nanoseconds in);
  void every(std::chrono::nanoseconds interval);

 private:
  void start(std::chrono::nanoseconds in, std::chrono::nanoseconds interval);
  void on_expired();

  UniqueFd fd_;
  std::function<void()> handler_;
  Watch watch_;
};

}  // namespace busbar::daemon
