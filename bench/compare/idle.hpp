#pragma once

#include <sched.h>

#include "plan.hpp"
#include "ticks.hpp"

namespace compare {

/// Between two tries of somebody who found nothing.
class Idle {
 public:
  explicit Idle(Wait wait) : wait_(wait) {}

  void operator()() {
    if (wait_ == Wait::busy) {
      pause();
    } else if (wait_ == Wait::yield) {
      if (++tries_ < kPauses) {
        pause();
      } else {
        ::sched_yield();
      }
    }
  }
  void reset() { tries_ = 0; }

 private:
  static constexpr int kPauses = 50;
  Wait wait_;
  int tries_ = 0;
};

}  // namespace compare
