#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "daemon/event_loop.hpp"
#include "daemon/notify_socket.hpp"
#include "daemon/timer.hpp"

namespace busbar::daemon {

/// What systemd, or whoever speaks like it, is told of this service: when clients find all that
/// was configured, that a reload is going on, how many there are, that the main loop still turns.
/// Never waits; main thread only; must not outlive its loop and socket.
class ServiceManager {
 public:
  struct Sources {
    /// A line for `systemctl status`.
    std::function<std::string()> status;
    /// For how long what a watchdog should see has not moved on; 0: all is well.
    std::function<std::chrono::nanoseconds()> stuck_for;
  };

  /// Goes by the environment: WATCHDOG_USEC, WATCHDOG_PID. Throws Errc::system.
  ServiceManager(EventLoop& loop, NotifySocket& socket, Sources sources);

  /// It serves, or a reload is over, whether it changed anything or not.
  void ready();
  /// A reload begins. ready() has to follow.
  void reloading();
  void stopping();
  /// The status may be another one: it is told within a second, and not more often than that.
  void changed();

 private:
  std::string status_line();
  void tell_status();
  void ping();

  Sources sources_;
  NotifySocket& socket_;
  std::string told_status_;
  bool status_is_due_ = false;
  bool starved_ = false;
  std::chrono::nanoseconds watchdog_{};  // 0: nobody asked for one
  std::optional<Timer> status_timer_;
  std::optional<Timer> watchdog_timer_;
};

}  // namespace busbar::daemon
