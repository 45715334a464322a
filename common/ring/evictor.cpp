#include "common/ring/evictor.hpp"

#include "common/base/crash_point.hpp"
#include "common/ring/active_seats.hpp"
#include "common/ring/gate.hpp"
#include "common/sync/coarse_clock.hpp"
#include "common/sync/doorbell.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

/// Where a reader whose cursor stands there finds the first record that cannot be read yet, if only
/// skips lie between; else kNowhere.
std::uint64_t first_unfinished(const RingView& ring, std::uint64_t cursor, std::uint64_t end) {
  if (!RingView::aligned(cursor) || end - cursor > ring.capacity) return kNowhere;
  while (cursor < end) {
    const Word word(ring.record(cursor).word.load(std::memory_order_acquire));
    if (word.state() == RecordState::empty || word.state() == RecordState::claimed) break;
    if (word.state() != RecordState::skip || !ring.plausible(word.length())) return kNowhere;
    cursor += ring.extent(word.length());
  }
  return cursor;
}

}  // namespace

bool Evictor::has_grace(const RingView& ring, std::uint64_t cursor, std::uint64_t end) {
  const std::uint64_t place = first_unfinished(ring, cursor, end);
  if (place == kNowhere) return false;
  const std::uint32_t now = sync::coarse_milliseconds();
  if (place != grace_place_) {
    grace_place_ = place;
    grace_since_ms_ = now;
  }
  return now - grace_since_ms_ < ring.block_timeout_ns / 1'000'000;
}

bool Evictor::evict_below(const RingView& ring, std::uint64_t need, const Boundary& claimed) {
  if (need <= ring.capacity) return false;
  const std::uint64_t lowest = need - ring.capacity;
  if (look_at_gates(ring, claimed.position).claim < lowest) return false;
  bool any = false;
  for_each_active_seat(ring, [&](Seat& seat) {
    SeatWord word = seat.word.load(std::memory_order_acquire);
    if (word.state() != SeatState::reliable) return;
    const std::uint64_t cursor = seat.cursor.load(std::memory_order_acquire);
    if (cursor >= lowest || has_grace(ring, cursor, claimed.position)) return;
    // With its epoch: the next tenant of the seat has a cursor of its own.
    if (!seat.word.compare_exchange_strong(word, word.with(SeatState::evicted))) return;
    any = true;
    BUSBAR_CRASH_POINT("evict.state");
    ring.control->channel.evicted.fetch_add(1, std::memory_order_relaxed);
    sync::ring_bell(seat.bell);
  });
  // Evict against receiving: we pay (or repair() does, if we die here); the pins are read after
  // this (RoomFinder).
  if (any) sync::rare_fence(ring.fence_rule);
  BUSBAR_CRASH_POINT("evict.fenced");
  return any;
}

}  // namespace busbar::ring
