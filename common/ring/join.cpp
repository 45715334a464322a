#include "common/ring/join.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// An honest publisher moves the tail past a joiner at most once or twice before it sees its cursor.
constexpr int kJoinTries = 1000;

/// Where `now` is: nothing that is committed from here on lies before it. With several publishers
/// that is the oldest claim that is still open; the claimed position is loaded first, so that a
/// claim that is opened in between lies behind it.
Boundary claimed_boundary(const RingView& ring) {
  const PublishersLine& line = ring.control->publishers;
  const std::uint64_t claimed = line.claimed.load(std::memory_order_acquire);
  const std::uint64_t tail = read_tail(ring).position;
  std::uint64_t position = claimed;
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) {
    const std::uint64_t open = ring.slots[i].oldest_claim.load(std::memory_order_acquire);
    if (open >= tail && RingView::aligned(open)) position = std::min(position, open);
  }
  // Only near: the first record's own number corrects it.
  return {position, line.sequence.load(std::memory_order_relaxed)};
}

Boundary start_boundary(const RingView& ring, JoinAt at) {
  Boundary start = at == JoinAt::oldest ? read_tail(ring) : claimed_boundary(ring);
  // Nonsense that somebody stored: any boundary will do, reading from it says closed.
  if (!RingView::aligned(start.position)) start.position = 0;
  return start;
}

std::atomic<std::uint64_t>& active_word(const RingView& ring, std::uint32_t seat) {
  return ring.seats_control->active[seat / kBitsPerWord];
}

std::uint64_t active_bit(std::uint32_t seat) {
  return std::uint64_t{1} << (seat % kBitsPerWord);
}

void stop_gating(const RingView& ring, std::uint32_t seat) {
  active_word(ring, seat).fetch_and(~active_bit(seat));
  wake_room_waiters(ring);
}

}  // namespace

Boundary join(const RingView& ring, std::uint32_t index, JoinAt at) {
  Seat& seat = ring.seats[index];
  Boundary start = start_boundary(ring, at);
  seat.cursor.store(start.position, std::memory_order_relaxed);
  seat.state.store(SeatState::reliable, std::memory_order_release);
  active_word(ring, index).fetch_or(active_bit(index));
  for (int i = 0; i < kJoinTries; ++i) {
    // Pair join / gate: after this every publisher's next look sees the cursor, and we see any tail
    // that was stored before it.
    sync::rare_fence(ring.fence_rule);
    if (read_tail(ring).position <= start.position) return start;
    start = start_boundary(ring, at);
    seat.cursor.store(start.position, std::memory_order_release);
  }
  // Not `left`: that is its owner's last word, and said twice the second one could hit a later
  // tenant.
  stop_gating(ring, index);
  throw Error(Errc::damaged,
              "channel's tail never comes to rest; remove the channel and create it anew");
}

void leave_seat(const RingView& ring, std::uint32_t seat) noexcept {
  stop_gating(ring, seat);
  // Last: from here on the broker may grant the seat to somebody else.
  ring.seats[seat].state.store(SeatState::left, std::memory_order_release);
}

void leave_slot(const RingView& ring, std::uint32_t slot) noexcept {
  ring.slots[slot].state.store(SlotState::left, std::memory_order_release);
}

}  // namespace busbar::ring
