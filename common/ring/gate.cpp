#include "common/ring/gate.hpp"

#include <algorithm>
#include <bit>

#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

std::uint64_t lowest_cursor(const RingView& ring, std::uint64_t lowest) {
  for (std::uint32_t word = 0; word < ring.seat_words; ++word) {
    std::uint64_t active = ring.seats_control->active[word].load(std::memory_order_acquire);
    for (; active != 0; active &= active - 1) {
      const std::uint32_t index =
          word * kBitsPerWord + static_cast<std::uint32_t>(std::countr_zero(active));
      if (index >= ring.max_subscribers) break;
      const Seat& seat = ring.seats[index];
      if (seat.state.load(std::memory_order_acquire) != SeatState::reliable) continue;
      // acquire: pairs with the reader's release of its cursor; its reads are done before ours.
      lowest = std::min(lowest, seat.cursor.load(std::memory_order_acquire));
    }
  }
  return lowest;
}

std::uint64_t lowest_open_claim(const RingView& ring, std::uint64_t lowest) {
  if (ring.max_publishers == 1) return lowest;  // the caller's own claimed position is the gate
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) {
    lowest = std::min(lowest, ring.slots[i].oldest_claim.load(std::memory_order_acquire));
  }
  return lowest;
}

}  // namespace

std::uint64_t lowest_gate(const RingView& ring, std::uint64_t none) {
  return lowest_open_claim(ring, lowest_cursor(ring, none));
}

std::uint64_t refresh_limit(const RingView& ring, std::uint64_t limit, std::uint64_t position,
                            std::uint64_t end, const Boundary& claimed) {
  const std::uint64_t gate = lowest_gate(ring, claimed.position);
  const std::uint64_t wanted = std::max(position + stride(ring.capacity), end);
  std::uint64_t next = std::min(gate + ring.capacity, wanted);
  note_checkpoint(ring, claimed);
  if (next <= limit) return limit;

  if (next > ring.capacity) {
    const Boundary old_tail = read_tail(ring);
    const Boundary tail = boundary_at_or_after(ring, old_tail, next - ring.capacity, claimed);
    next = std::min(next, tail.position + ring.capacity);
    if (tail.position > old_tail.position) store_tail(ring, tail);
  }
  // Tail against joining: the joiner pays (join.cpp).
  sync::frequent_fence(ring.fence_rule);
  const std::uint64_t second = lowest_gate(ring, claimed.position);
  return std::max(limit, std::min(next, second + ring.capacity));
}

}  // namespace busbar::ring
