#pragma once

#include <deque>
#include <string>

#include "common/base/unique_fd.hpp"
#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// Where a service manager wants to hear how it goes (sd_notify(3)). Never waits: what it does not
/// take at once is sent in order when it does. libsystemd's own sd_notify() would wait, and with it
/// the main loop. Main thread only; must not outlive its loop.
class NotifySocket {
 public:
  /// `address` as in $NOTIFY_SOCKET: a path, or a name behind an @; empty: nothing is ever sent.
  NotifySocket(EventLoop& loop, std::string address);

  explicit operator bool() const noexcept { return !address_.empty(); }

  /// Lines of NAME=VALUE. A service manager that has gone is no failure: it is logged once.
  void send(std::string lines);

 private:
  bool connect();
  void flush();
  void give_up(int error);

  EventLoop& loop_;
  std::string address_;
  UniqueFd socket_;
  std::deque<std::string> unsent_;
  bool failed_ = false;
  Watch watch_;  // while something is unsent
};

}  // namespace busbar::daemon
