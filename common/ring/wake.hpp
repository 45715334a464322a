#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {

/// Clears the bits and rings the seats, or publishers, of those that were set. Hostile bits are
/// ignored.
void ring_sleepers(const RingView& ring) noexcept;
void ring_publishers(const RingView& ring, std::uint64_t bits) noexcept;
/// The next commit of any publisher looks at the sleepers and for a hail. Behind what it is to see.
void call_publishers(const RingView& ring) noexcept;
/// And looks around, beyond the sleepers (wake_sleepers).
void hail_publishers(const RingView& ring) noexcept;
void ring_sleepers_and_hear(const RingView& ring) noexcept;
/// Every doorbell of the channel, whatever the bits say: after a death that may have lost a wake.
void ring_everybody(const RingView& ring) noexcept;

/// After a commit; true if somebody has called: the caller then looks around. Pair
/// sleep / commit: the sleeper pays (Reader::sleep).
inline bool wake_sleepers(const RingView& ring) noexcept {
  sync::frequent_fence(ring.fence_rule);
  if (ring.seats_control->call.load(std::memory_order_relaxed) == 0) [[likely]]
    return false;
  ring_sleepers_and_hear(ring);
  return true;
}

/// After anything that makes room. Pair room / release: the waiting publisher pays (await_room).
inline void wake_room_waiters(const RingView& ring) noexcept {
  sync::frequent_fence(ring.fence_rule);
  const std::uint64_t bits = ring.seats_control->room_waiters.load(std::memory_order_relaxed);
  if (bits != 0) [[unlikely]]
    ring_publishers(ring, bits);
}

}  // namespace busbar::ring
