#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/kept_descriptors.hpp"
#include "daemon/named_descriptor.hpp"
#include "daemon/notify_socket.hpp"
#include "daemon/program.hpp"
#include "daemon/restart_delay.hpp"
#include "daemon/supervisor_socket.hpp"
#include "daemon/timer.hpp"

namespace busbar::daemon {

/// `busbard --supervise`: what systemd does for the broker, where there is no systemd. Runs the
/// broker as a child, starts it anew when it dies, and keeps over its death the descriptors that it
/// has given it. Whom a service manager has started in turn is told what the broker says.
///
/// The broker outlives a supervisor that is killed: clients then notice nothing, only nobody starts
/// the broker anew. One thread, and the process is its own: it reaps whatever child there is.
class Supervisor {
 public:
  /// Blocks the signals that it handles. Throws Errc::system, or Errc::invalid_argument for a wrong
  /// $LISTEN_FDS.
  explicit Supervisor(Program program);

  /// Until the broker has ended as asked or cannot be helped by a restart; its exit status, 128 + N
  /// if signal N ended it.
  int run();

 private:
  void start();
  void start_in(std::chrono::milliseconds delay);
  void on_signal();
  void stop(int signal);
  void upgrade();
  void reap();
  void on_end(int status);
  void on_death(const std::string& how);
  void on_messages();
  void on_message(SupervisorSocket::Message message);
  void finish(int exit_code);

  Program program_;
  EventLoop loop_;
  UniqueFd signals_;
  NotifySocket upstream_;
  std::vector<NamedDescriptor> sockets_;
  SupervisorSocket socket_;
  KeptDescriptors kept_;
  RestartDelay delay_;
  Timer restart_timer_;
  Watch signal_watch_;
  Watch socket_watch_;
  std::optional<pid_t> broker_;
  EventLoop::Clock::time_point started_at_;
  bool stopping_ = false;
  bool upgrading_ = false;
  int exit_code_ = 0;
};

}  // namespace busbar::daemon
