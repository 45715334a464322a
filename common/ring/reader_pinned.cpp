#include "common/base/crash_point.hpp"
#include "common/layout/pin.hpp"
#include "common/ring/reader.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/coarse_clock.hpp"
#include "common/sync/fence.hpp"

// Reading where nothing but a pin keeps a record in place. What was loaded counts only if the seat
// still has a right to it afterwards. docs/protocol.md, "Readers".

namespace busbar::ring {

using namespace layout;

// Lapped without losing a message (aborted ones only): a call that never waits comes back.
constexpr int kMostLaps = 100;

/// Whether nobody may have written over the record at the reading position yet.
bool Reader::is_mine() const {
  // The loads before it are of bytes that may be written over at any time.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (kind_ == SeatKind::lossy) return tail_position(ring_) <= at_.position;
  return ring_.seats[seat_].word.load(std::memory_order_acquire).state() == SeatState::reliable;
}

Outcome Reader::next_pinned(Record& record, std::uint32_t place) {
  int laps = 0;
  // More than a lap of records without a message cannot come from an honest publisher.
  for (std::uint64_t steps = ring_.capacity / kMinAlignment; steps > 0; --steps) {
    const RecordHeader& header = ring_.record(at_.position);
    const Word word(header.word.load(std::memory_order_acquire));
    const std::uint32_t type = header.type.load(std::memory_order_relaxed);
    const std::uint32_t sequence = header.sequence.load(std::memory_order_relaxed);
    // Also where nothing seems to be there: lapped, the bytes may look empty for ever.
    if (!is_mine()) {
      const Outcome outcome = not_mine();
      if (outcome != Outcome::ok) return outcome;
      if (++laps == kMostLaps) return Outcome::empty;
      continue;
    }
    const RecordState state = word.state();
    if (state == RecordState::empty || state == RecordState::claimed) return nothing_there();
    if (state > RecordState::skip || !ring_.plausible(word.length())) return Outcome::closed;
    if (state == RecordState::skip) {
      at_.position += ring_.extent(word.length());
      continue;
    }
    if (word.length() < kHeaderBytes) return Outcome::closed;
    if (is_message(word) && !pin(place, ring_.extent(word.length()))) {
      continue;  // finds the same again
    }
    at_.take(word, type, sequence, record);
    if (state == RecordState::aborted) continue;
    if (!is_message(word)) return Outcome::ended;
    ++messages_;
    return Outcome::ok;
  }
  return Outcome::closed;
}

/// False if it came too late.
bool Reader::pin(std::uint32_t place, std::uint64_t bytes) {
  Seat& seat = ring_.seats[seat_];
  seat.pinned_at_ms[place].store(sync::coarse_milliseconds(), std::memory_order_relaxed);
  seat.pin[place].store(Pin(at_.position & ring_.mask, bytes, ring_.capacity).bits(),
                        std::memory_order_release);
  BUSBAR_CRASH_POINT("pin.stored");
  if (kind_ == SeatKind::lossy) {
    // Pair tail / pin: the publisher has a full fence too (refresh_limit).
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } else {
    // Pair evict / receive: the publisher pays (Evictor).
    sync::frequent_fence(ring_.fence_rule);
  }
  if (is_mine()) return true;
  seat.pin[place].store(0, std::memory_order_release);
  wake_room_waiters(ring_);
  return false;
}

/// Lapped: goes on at the tail. ok if nothing was lost by it, or the tail is not there yet.
Outcome Reader::not_mine() {
  if (kind_ == SeatKind::reliable) return Outcome::evicted;
  return go_to_tail() ? Outcome::overrun : Outcome::ok;
}

bool Reader::go_to_tail() {
  const CountedBoundary tail = read_tail(ring_);
  // tail_position() may have seen an entry that is not valid yet, and perhaps never will be.
  if (tail.position <= at_.position) return false;
  // Smaller only in a ring that somebody has spoilt.
  const std::uint64_t missed = tail.messages > messages_ ? tail.messages - messages_ : 0;
  at_.position = tail.position;
  at_.sequence = tail.sequence;
  messages_ = tail.messages;
  lost_ += missed;
  ring_.seats[seat_].lost.store(lost_, std::memory_order_relaxed);
  return missed != 0;
}

}  // namespace busbar::ring
