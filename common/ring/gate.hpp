#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

/// What one look at seats and open claims finds. Each value is loaded once.
struct Gates {
  std::uint64_t cursor = 0;  // lowest of the reliable seats
  std::uint64_t claim = 0;   // lowest open claim

  std::uint64_t lowest() const { return cursor < claim ? cursor : claim; }
};

/// `none` stands where nobody gates.
Gates look_at_gates(const RingView& ring, std::uint64_t none);

/// Looks at the seats and gives the new gate limit, which is never below `limit`: up to it cursors,
/// open claims and the tail allow claims; pins are another matter (RoomFinder). Moves the tail.
/// `position`: where the next claim begins; `need`: where it would end, with what stays free behind
/// it; `claimed`: the boundary up to which records are there for everybody, which gates too. Only
/// the one publisher, or the holder of the mutex. docs/protocol.md, "Refresh of the limit".
std::uint64_t refresh_limit(const RingView& ring, std::uint64_t limit, std::uint64_t position,
                            std::uint64_t need, const Boundary& claimed);

}  // namespace busbar::ring
