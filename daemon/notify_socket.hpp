#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/timer.hpp"

namespace busbar::daemon {

/// Where a service manager wants to hear how it goes, and takes descriptors (sd_notify(3)). Never
/// waits: what it does not take at once is sent in order when it does. libsystemd's own sd_notify()
/// would wait, and with it the main loop. Main thread only; must not outlive its loop.
class NotifySocket {
 public:
  /// `address` as in $NOTIFY_SOCKET: a path, or a name behind an @; empty: nothing is ever sent.
  NotifySocket(EventLoop& loop, std::string address);
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  /// Sends what is left, waiting for a service manager that takes it; not for one that hangs.
  ~NotifySocket();

  explicit operator bool() const noexcept { return !address_.empty(); }

  /// Lines of NAME=VALUE. A service manager that has gone is no failure: it is logged once. One
  /// that hangs does not hear everything.
  void send(std::string lines);
  /// The same for what even one that hangs has to hear, with this descriptor if it is none of -1;
  /// a duplicate waits if it has to.
  void send_surely(std::string lines, int fd = -1);

 private:
  struct Unsent {
    std::string lines;
    UniqueFd fd;
    bool surely;
  };

  bool connect();
  /// 0 or an errno.
  int try_send(const std::string& lines, int fd);
  void flush();
  void wait_for_room(int error);
  void give_up(int error);

  EventLoop& loop_;
  std::string address_;
  UniqueFd socket_;
  std::deque<Unsent> unsent_;
  std::size_t may_be_lost_ = 0;  // of unsent_
  bool failed_ = false;
  Watch watch_;                 // while something is unsent
  std::optional<Timer> retry_;  // while the kernel is short of something
};

/// $NOTIFY_SOCKET, or nothing.
std::string notify_address();

}  // namespace busbar::daemon
