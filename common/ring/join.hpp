#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/ring/seat_kind.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

enum class JoinAt { now, oldest };

/// Makes a seat that the broker has reserved count. When it returns, publishers wait for the seat
/// from the boundary that is returned on, or, for a lossy one, `messages` is the exact number of
/// messages before it. Run by the client: a broker that stopped half-way would gate the channel for
/// ever. Throws Errc::damaged if the tail never comes to rest; the seat then gates nobody and is
/// still the caller's to leave.
CountedBoundary join(const RingView& ring, std::uint32_t seat, JoinAt at,
                     SeatKind kind = SeatKind::reliable);

/// The seat counts no more; the broker frees it (state `left`). Wakes publishers.
void leave_seat(const RingView& ring, std::uint32_t seat) noexcept;

/// The publisher's place likewise.
void leave_slot(const RingView& ring, std::uint32_t slot) noexcept;

}  // namespace busbar::ring
