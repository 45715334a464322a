#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {

/// Clears the bits and rings the seats of those that were set. Hostile bits are ignored.
void ring_seats(const RingView& ring, std::uint32_t word, std::uint64_t bits) noexcept;
void ring_publishers(const RingView& ring, std::uint64_t bits) noexcept;
/// Sets a sleepers bit, so that the next commit of any publisher takes the slow way once.
void hail_publishers(const RingView& ring) noexcept;
/// Every doorbell of the channel, whatever the bits say: after a death that may have lost a wake.
void ring_everybody(const RingView& ring) noexcept;

/// After a commit; true if anybody was rung. Pair sleep / commit: the sleeper pays (Reader::sleep).
inline bool wake_sleepers(const RingView& ring) noexcept {
  sync::frequent_fence(ring.fence_rule);
  bool any = false;
  for (std::uint32_t word = 0; word < ring.seat_words; ++word) {
    const std::uint64_t bits = ring.seats_control->sleepers[word].load(std::memory_order_relaxed);
    if (bits != 0) [[unlikely]] {
      ring_seats(ring, word, bits);
      any = true;
    }
  }
  return any;
}

/// After anything that makes room. Pair room / release: the waiting publisher pays (await_room).
inline void wake_room_waiters(const RingView& ring) noexcept {
  sync::frequent_fence(ring.fence_rule);
  const std::uint64_t bits = ring.seats_control->room_waiters.load(std::memory_order_relaxed);
  if (bits != 0) [[unlikely]]
    ring_publishers(ring, bits);
}

}  // namespace busbar::ring
