#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"
#include "daemon/arrival.hpp"
#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// The control socket: bound, listening, unlinked by the destructor. Only for who holds the path's
/// SocketLock: it takes over what a dead broker has left there. Main thread only.
class Listener {
 public:
  using Handler = std::function<void()>;

  /// Throws Errc::in_use (somebody without our lock listens there) or Errc::system.
  Listener(EventLoop& loop, std::string path, mode_t mode, Handler acceptable);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The next client, or nothing: none is waiting, or there are no descriptors for it (then it
  /// pauses itself and tries again every second).
  std::optional<Arrival> accept();

  /// While paused clients wait in the backlog.
  void pause();
  void resume();

 private:
  void starve();

  std::string path_;
  UniqueFd socket_;
  UniqueFd retry_;
  bool paused_ = false;
  bool starving_ = false;
  Watch watch_;
  Watch retry_watch_;
};

}  // namespace busbar::daemon
