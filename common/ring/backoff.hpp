#pragma once

#include <sched.h>

#include "common/sync/pause.hpp"

namespace busbar::ring {

/// The wait policy before sleeping: spin with growing pauses (a waiting side that looks at every
/// moment takes the cache line from under the other, and a batch cannot form), then yield.
class Backoff {
 public:
  Backoff(int first_pauses, int most_pauses) noexcept
      : pauses_(first_pauses), most_pauses_(most_pauses) {}

  /// False once the budget is used up and it is time to sleep.
  bool step() noexcept {
    if (round_ < kSpinRounds) {
      for (int i = 0; i < pauses_; ++i) sync::pause();
      if (pauses_ < most_pauses_) pauses_ *= 2;
    } else if (round_ < kSpinRounds + kYieldRounds) {
      ::sched_yield();
    } else {
      return false;
    }
    ++round_;
    return true;
  }

 private:
  static constexpr int kSpinRounds = 40;
  static constexpr int kYieldRounds = 8;
  int pauses_;
  const int most_pauses_;
  int round_ = 0;
};

}  // namespace busbar::ring
