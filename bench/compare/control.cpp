#include "control.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace compare {

void Control::enter(Phase next) {
  phase.store(next);
  ::syscall(SYS_futex, &phase, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Control::wait_past(Phase phase_now) {
  for (Phase seen = phase.load(); seen <= phase_now; seen = phase.load()) {
    ::syscall(SYS_futex, &phase, FUTEX_WAIT, static_cast<int>(seen), nullptr, nullptr, 0);
  }
}

}  // namespace compare
