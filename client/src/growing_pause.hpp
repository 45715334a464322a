#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "common/base/deadline.hpp"

namespace busbar {

/// What lies between two attempts: 1 ms, then twice as long each time, 50 ms at most.
class GrowingPause {
 public:
  /// False, at once, if the deadline has passed: no further attempt.
  bool wait(const Deadline& deadline) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(deadline.left(next_));
    next_ = std::min(2 * next_, kLongest);
    return true;
  }

 private:
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::milliseconds(50);
  std::chrono::nanoseconds next_ = std::chrono::milliseconds(1);
};

}  // namespace busbar
