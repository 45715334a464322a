#include "common/ring/gate.hpp"

#include <algorithm>

#include "common/base/crash_point.hpp"
#include "common/ring/active_seats.hpp"
#include "common/ring/gaps.hpp"

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
    BUSBAR_CRASH_POINT("refresh.tail");
    clear_gaps(ring, from.position, to.position);
    BUSBAR_CRASH_POINT("refresh.gaps");
  }
  return std::min(limit, to.position + ring.capacity);
}

}  // namespace

Gates look_at_gates(const RingView& ring, std::uint64_t none) {
  Gates gates{none, lowest_open_claim(ring, none)};
  for_each_active_seat(ring, [&](const Seat& seat) {
    if (seat.word.load(std::memory_order_acquire).state() != SeatState::reliable) return;
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
  // Tail, then seats and pins. Against joining (join.cpp) a compiler's barrier would do. Against a
  // lossy reader's pin, whose side has a full fence too (Reader::pin): once a stride that is
  // nothing, and a membarrier in its place stops every reader's processor.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  BUSBAR_CRASH_POINT("refresh.fenced");
  const Gates second = look_at_gates(ring, claimed.position);
  return std::max(limit, std::min(next, second.lowest() + ring.capacity));
}

}  // namespace busbar::ring
