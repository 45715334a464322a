#pragma once

#include <chrono>

namespace busbar::daemon {

/// How long to leave a broker dead that keeps dying: not at all the first time, then longer and
/// longer, so that a broker that cannot start costs no more than a try every 5 s.
class RestartDelay {
 public:
  /// After a death; `lived` from start to end.
  std::chrono::milliseconds next(std::chrono::nanoseconds lived);

 private:
  std::chrono::milliseconds next_{};
};

}  // namespace busbar::daemon
