#include "common/ring/gate.hpp"

#include <algorithm>

#include "common/ring/active_seats.hpp"
#include "common/ring/gaps.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/doorbell.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

std::uint64_t lowest_open_claim(const RingView& ring, std::uint64_t lowest) {
  if (ring.max_publishers == 1) return lowest;  // the caller's own claimed position is the gate
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) {
    lowest = std::min(lowest, ring.slots[i].oldest_claim.load(std::memory_order_acquire));
  }
  return lowest;
}

/// Moves the tail to where a claim up to `limit` needs it, and gives the limit that it allows. What
/// lies before the tail is finished: never beyond an open claim, or messages could not be counted.
std::uint64_t move_tail(const RingView& ring, std::uint64_t limit, std::uint64_t finished) {
  if (limit <= ring.capacity) return limit;
  const CountedBoundary from = read_tail(ring);
  const Boundary to = boundary_at_or_after(ring, from.boundary(), limit - ring.capacity, finished);
  if (to.position > from.position) {
    store_tail(ring, counted(ring, from, to));
    clear_gaps(ring, from.position, to.position);
  }
  return std::min(limit, to.position + ring.capacity);
}

}  // namespace

Gates look_at_gates(const RingView& ring, std::uint64_t none) {
  Gates gates{none, lowest_open_claim(ring, none)};
  for_each_active_seat(ring, [&](const Seat& seat) {
    const SeatState state = seat.state.load(std::memory_order_acquire);
    // An evicted one too: its evictor may have died before its own fence.
    if (state == SeatState::lossy || state == SeatState::evicted) gates.must_fence = true;
    if (state != SeatState::reliable) return;
    // acquire: pairs with the reader's release of its cursor; its reads are done before ours.
    gates.cursor = std::min(gates.cursor, seat.cursor.load(std::memory_order_acquire));
  });
  return gates;
}

std::uint64_t refresh_limit(const RingView& ring, std::uint64_t limit, std::uint64_t position,
                            std::uint64_t need, const Boundary& claimed) {
  const Gates gates = look_at_gates(ring, claimed.position);
  const std::uint64_t wanted = std::max(position + stride(ring.capacity), need);
  std::uint64_t next = std::min(gates.lowest() + ring.capacity, wanted);
  note_checkpoint(ring, claimed);
  if (next <= limit) return limit;

  next = move_tail(ring, next, std::min(gates.claim, claimed.position));
  // Tail against joining: the joiner pays (join.cpp).
  sync::frequent_fence(ring.fence_rule);
  const Gates second = look_at_gates(ring, claimed.position);
  // Tail against pinning: we pay (Reader::next_pinned). Whoever becomes lossy behind this look has
  // a fence of its own before it first looks at the tail. Also where the tail stood still: who
  // moved it may have died before this line.
  if (second.must_fence) sync::rare_fence(ring.fence_rule);
  return std::max(limit, std::min(next, second.lowest() + ring.capacity));
}

bool evict_below(const RingView& ring, std::uint64_t need, const Boundary& claimed) {
  if (need <= ring.capacity) return false;
  const std::uint64_t lowest = need - ring.capacity;
  if (lowest_open_claim(ring, claimed.position) < lowest) return false;
  bool any = false;
  for_each_active_seat(ring, [&](Seat& seat) {
    SeatState state = SeatState::reliable;
    if (seat.state.load(std::memory_order_acquire) != state) return;
    if (seat.cursor.load(std::memory_order_acquire) >= lowest) return;
    if (!seat.state.compare_exchange_strong(state, SeatState::evicted)) return;
    any = true;
    ring.control->channel.evicted.fetch_add(1, std::memory_order_relaxed);
    sync::ring_bell(seat.bell);
  });
  // Evict against receiving: we pay; the pins are read after this (RoomFinder).
  if (any) sync::rare_fence(ring.fence_rule);
  return any;
}

}  // namespace busbar::ring
