#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// What a subscriber wants its seat to be.
enum class SeatKind : std::uint8_t { reliable, lossy };

/// Whether a seat pins every message that it hands out: a lossy one, which gates nobody, and a
/// reliable one that publishers may evict. Else the cursor holds the message received last.
inline bool pins_everything(const RingView& ring, SeatKind kind) {
  return kind == SeatKind::lossy || ring.when_full == layout::WhenFull::evict;
}

}  // namespace busbar::ring
