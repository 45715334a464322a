#pragma once

#include <functional>
#include <optional>

#include "daemon/arrival.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/timer.hpp"

namespace busbar::daemon {

/// Lets clients in, one by one. Main thread only; the socket must be open for as long.
class Listener {
 public:
  using Handler = std::function<void()>;

  /// `acceptable` is called while somebody waits. Throws Errc::system.
  Listener(EventLoop& loop, int socket, Handler acceptable);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The next client, or nothing: none is waiting, or there are no descriptors for it or another
  /// error (then it tells so once, pauses itself and tries again every second).
  std::optional<Arrival> accept();

  /// While paused clients wait in the backlog.
  void pause();
  void resume();

 private:
  void wait_after(int error);

  int socket_;
  bool paused_ = false;
  bool failing_ = false;
  Watch watch_;
  Timer retry_;
};

}  // namespace busbar::daemon
