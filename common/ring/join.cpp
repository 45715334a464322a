#include "common/ring/join.hpp"

#include <algorithm>

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "common/ring/now.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// An honest publisher moves the tail past a joiner at most once or twice before it sees its cursor.
constexpr int kJoinTries = 1000;

Boundary start_boundary(const RingView& ring, JoinAt at) {
  Boundary start = at == JoinAt::oldest ? read_tail(ring).boundary() : now(ring);
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

/// By the seat's own tenant, whose epoch stays.
void set_state(Seat& seat, SeatState state) {
  seat.word.store(seat.word.load(std::memory_order_relaxed).with(state), std::memory_order_release);
}

void stop_gating(const RingView& ring, std::uint32_t seat) {
  active_word(ring, seat).fetch_and(~active_bit(seat));
  wake_room_waiters(ring);
}

CountedBoundary join_reliable(const RingView& ring, std::uint32_t index, JoinAt at) {
  Seat& seat = ring.seats[index];
  Boundary start = start_boundary(ring, at);
  seat.cursor.store(start.position, std::memory_order_relaxed);
  BUSBAR_CRASH_POINT("join.cursor");
  set_state(seat, SeatState::reliable);
  BUSBAR_CRASH_POINT("join.state");
  active_word(ring, index).fetch_or(active_bit(index));
  BUSBAR_CRASH_POINT("join.active");
  for (int i = 0; i < kJoinTries; ++i) {
    // Pair join / gate: after this every publisher's next look sees the cursor, and we see any tail
    // that was stored before it.
    sync::rare_fence(ring.fence_rule);
    BUSBAR_CRASH_POINT("join.fenced");
    // Evicted already, a lap behind from the start: the first receive says so.
    const bool evicted = seat.word.load(std::memory_order_acquire).state() == SeatState::evicted;
    if (evicted || tail_position(ring) <= start.position) {
      return {start.position, start.sequence, 0};
    }
    start = start_boundary(ring, at);
    seat.cursor.store(start.position, std::memory_order_release);
  }
  // Not `left`: that is its owner's last word, and said twice the second one could hit a later
  // tenant.
  stop_gating(ring, index);
  throw Error(Errc::damaged,
              "channel's tail never comes to rest; remove the channel and create it anew");
}

/// Gates nobody, so there is nothing to wait for: where the tail has passed, it starts at the tail.
CountedBoundary join_lossy(const RingView& ring, std::uint32_t index, JoinAt at) {
  Seat& seat = ring.seats[index];
  set_state(seat, SeatState::lossy);
  BUSBAR_CRASH_POINT("join_lossy.state");
  // Before the first pin, whose fence is behind both: a publisher whose look does not find the seat
  // has stored its tail before, and Reader::pin sees it.
  active_word(ring, index).fetch_or(active_bit(index));
  CountedBoundary start = at == JoinAt::oldest ? read_tail(ring) : counted_now(ring);
  if (!RingView::aligned(start.position)) start.position = 0;
  seat.cursor.store(start.position, std::memory_order_release);
  return start;
}

}  // namespace

CountedBoundary join(const RingView& ring, std::uint32_t index, JoinAt at, SeatKind kind) {
  return kind == SeatKind::lossy ? join_lossy(ring, index, at) : join_reliable(ring, index, at);
}

void leave_seat(const RingView& ring, std::uint32_t seat) noexcept {
  stop_gating(ring, seat);
  BUSBAR_CRASH_POINT("leave_seat.inactive");
  // Last: from here on the broker may grant the seat to somebody else.
  set_state(ring.seats[seat], SeatState::left);
  BUSBAR_CRASH_POINT("leave_seat.left");
}

void leave_slot(const RingView& ring, std::uint32_t slot) noexcept {
  std::atomic<SlotWord>& word = ring.slots[slot].word;
  SlotWord seen = word.load(std::memory_order_acquire);
  if (seen.state() != SlotState::held) return;
  word.compare_exchange_strong(seen, seen.with(SlotState::left), std::memory_order_acq_rel);
  BUSBAR_CRASH_POINT("leave_slot.left");
}

}  // namespace busbar::ring
