#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {

/// Clears the bits and rings the seats, or publishers, of those that were set. Hostile bits are
/// ignored.
void ring_sleepers(const RingView& ring) noexcept;
void ring_publishers(const RingView& ring, std::uint64_t bits) noexcept;
/// The next commit of any publisher takes the slow way once (wake_sleepers).
void hail_publishers(const RingView& ring) noexcept;
void ring_sleepers_and_hear(const RingView& ring) noexcept;
/// Every doorbell of the channel, whatever the bits say: after a death that may have lost a wake.
void ring_everybody(const RingView& ring) noexcept;

/// After a commit; true if somebody was rung, or has hailed: the caller then looks around. Pair
/// sleep / commit: the sleeper pays (Reader::sleep).
inline bool wake_sleepers(const RingView& ring) noexcept {
  sync::frequent_fence(ring.fence_rule);
  const layout::SeatsControl& control = *ring.seats_control;
  std::uint64_t any = control.hail.load(std::memory_order_relaxed);
  for (std::uint32_t word = 0; word < ring.seat_words; ++word) {
    any |= control.sleepers[word].load(std::memory_order_relaxed);
  }
  if (any == 0) [[likely]]
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
