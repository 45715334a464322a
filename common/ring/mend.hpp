// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

// What a publisher that is gone has left open, with several publishers: the broker mends it, or a
// fellow. Never both at once: the slot's word says who does. docs/protocol.md, "Mending".

namespace busbar::ring {

/// From `seen` to being mended by `owner`, in one compare-and-swap, unless somebody who lives is at
/// it already. The caller has proved that nobody is in the slot.
bool begin_mending(const RingView& ring, std::uint32_t slot, layout::SlotWord seen,
                   std::uint32_t owner);

/// By whom begin_mending() has let in: takes the mutex over and repairs if it names the slot,
/// aborts its open claims, clears what gates, rings everybody. May be redone after a death. False
/// if the ring is damaged (a chain of records that makes no sense).
bool mend(const RingView& ring, std::uint32_t slot, std::uint32_t owner);

/// By a publisher: all of it, if the slot's holder is known to be gone and it is not mended yet.
/// True if it has mended.
bool mend_if_gone(const RingView& ring, std::uint32_t slot, std::uint32_t owner);

}  // namespace busbar::ring
