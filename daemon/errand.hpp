#pragma once

#include <exception>
#include <functional>
#include <memory>

#include "common/base/unique_fd.hpp"
#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// One piece of work on a thread of its own, for what may never come back: a file system or a name
/// service that hangs. Unlike a housekeeper it is not waited for: destroyed before its end, the
/// thread is left behind and its result dropped. Main thread only; must not outlive its loop.
class Errand {
 public:
  /// `work` may use only what it owns. `done` runs on the main thread, with what `work` threw; it
  /// may destroy this object. Throws Errc::system if there can be no thread.
  Errand(EventLoop& loop, std::function<void()> work, std::function<void(std::exception_ptr)> done);

 private:
  struct State {
    std::function<void()> work;
    std::exception_ptr failure;
    UniqueFd finished;
  };

  std::shared_ptr<State> state_;
  Watch watch_;
};

}  // namespace busbar::daemon
