#include "common/sync/doorbell.hpp"

#include <climits>

#include "common/sync/futex.hpp"

namespace busbar::sync {

void ring_bell(layout::DoorbellBytes& bell) noexcept {
  // Always wakes: a token that is there already may be that of a waker who died before its wake.
  bell.token.exchange(1);
  futex_wake(bell.token, INT_MAX);
}

bool take_token(layout::DoorbellBytes& bell) noexcept {
  return bell.token.exchange(0) != 0;
}

void wait_for_token(layout::DoorbellBytes& bell, std::chrono::nanoseconds span) noexcept {
  if (take_token(bell)) return;
  futex_wait(bell.token, 0, span);
  take_token(bell);
}

}  // namespace busbar::sync
