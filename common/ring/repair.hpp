#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// First thing after an owner's death, and at take-over of the one-publisher role: takes the
/// claimed position and the sequence over every word behind it, unfinished claims becoming aborted.
/// Only by whom nobody else can write there: the holder of the mutex, or the broker for a dead slot
/// of a one-publisher channel. May be redone. False if the chain of records makes no sense.
bool repair(const RingView& ring);

/// Aborts the claims of a dead slot between `oldest_claim` and the claimed position. May be redone,
/// others may be publishing. False if the chain of records makes no sense.
bool abort_claims_of(const RingView& ring, std::uint32_t slot);

}  // namespace busbar::ring
