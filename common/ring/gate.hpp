#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

/// The lowest position that somebody still needs: cursors of reliable seats, oldest open claims;
/// `none` if nobody does. Each value is loaded once.
std::uint64_t lowest_gate(const RingView& ring, std::uint64_t none);

/// Looks at the seats and gives the new limit, which is never below `limit`: up to it claims may
/// reach without another look. Moves the tail. `position`: where the next claim begins; `end`:
/// where it would end, terminator included; `claimed`: the boundary up to which records are there
/// for everybody, which gates too. Only the one publisher, or the holder of the mutex.
/// docs/protocol.md, "Refresh of the limit".
std::uint64_t refresh_limit(const RingView& ring, std::uint64_t limit, std::uint64_t position,
                            std::uint64_t end, const Boundary& claimed);

}  // namespace busbar::ring
