#pragma once

#include <chrono>

#include "common/layout/seats.hpp"

// The process-shared semaphore that a seat or a publisher sleeps on: binary, on one futex word, so
// that its bytes are ours (docs/adr/0002) and any value that a hostile member stores is a token.

namespace busbar::sync {

/// Leaves a token and wakes the sleeper, if any. Async-signal-safe; never blocks. One sleeper a
/// bell: all are woken, in case a hostile member sleeps there too.
void ring_bell(layout::DoorbellBytes& bell) noexcept;

/// Takes the token away, if there is one; true if there was.
bool take_token(layout::DoorbellBytes& bell) noexcept;

/// Sleeps until there is a token and takes it, at most `span`; may return earlier for no reason.
void wait_for_token(layout::DoorbellBytes& bell, std::chrono::nanoseconds span) noexcept;

}  // namespace busbar::sync
