#include "common/ring/now.hpp"

#include <algorithm>

#include "common/ring/gaps.hpp"
#include "common/ring/sequence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// The tail moves once a stride, and to start over takes less than to write one.
constexpr int kTries = 1000;

std::uint64_t position_now(const RingView& ring) {
  // The claimed position first: a claim that is opened behind this load lies behind it.
  const std::uint64_t claimed = ring.control->publishers.claimed.load(std::memory_order_acquire);
  const std::uint64_t tail = tail_position(ring);
  std::uint64_t position = claimed;
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) {
    const std::uint64_t open = ring.slots[i].oldest_claim.load(std::memory_order_acquire);
    if (open >= tail && RingView::aligned(open)) position = std::min(position, open);
  }
  return position;
}

/// The word and number of a record that may be written over meanwhile: who uses them looks at the
/// tail afterwards.
struct Glance {
  Word word;
  std::uint32_t sequence;
};

Glance glance(const RingView& ring, std::uint64_t position) {
  const RecordHeader& record = ring.record(position);
  Glance seen{Word(record.word.load(std::memory_order_acquire)),
              record.sequence.load(std::memory_order_relaxed)};
  std::atomic_thread_fence(std::memory_order_acquire);
  return seen;
}

/// Number of the first record at or behind `position`, the oldest that was not finished a moment
/// ago. Skips take none: stepped over. False if the tail has passed.
bool find_sequence(const RingView& ring, Boundary& at) {
  for (std::uint64_t steps = ring.capacity / kMinAlignment; steps > 0; --steps) {
    // Before the word: while that is empty, no number behind it has been given away.
    const std::uint64_t sequence =
        ring.control->publishers.sequence.load(std::memory_order_acquire);
    const Glance seen = glance(ring, at.position);
    if (tail_position(ring) > at.position) return false;
    if (seen.word.state() == RecordState::empty) {
      at.sequence = sequence;
      return true;
    }
    if (takes_number(seen.word)) {
      at.sequence = hot::full_sequence(seen.sequence, sequence);
      return true;
    }
    if (!ring.plausible(seen.word.length())) return true;
    at.position += ring.extent(seen.word.length());
  }
  return true;
}

/// Walks to `to` and counts the messages before it. Wherever the tail passes, it knows the number.
CountedBoundary walk_to(const RingView& ring, CountedBoundary at, const Boundary& to) {
  for (std::uint64_t steps = ring.capacity / kMinAlignment; steps > 0; --steps) {
    if (at.position >= to.position) break;
    const Glance seen = glance(ring, at.position);
    if (tail_position(ring) > at.position) {
      at = read_tail(ring);
      continue;
    }
    if (!ring.plausible(seen.word.length())) break;
    if (is_message(seen.word)) ++at.messages;
    if (takes_number(seen.word)) at.sequence = hot::full_sequence(seen.sequence, at.sequence) + 1;
    at.position += ring.extent(seen.word.length());
  }
  return at;
}

}  // namespace

Boundary now(const RingView& ring) {
  return {position_now(ring), ring.control->publishers.sequence.load(std::memory_order_relaxed)};
}

CountedBoundary counted_now(const RingView& ring) {
  Boundary at = now(ring);
  CountedBoundary tail = read_tail(ring);
  if (!RingView::aligned(at.position) || !find_sequence(ring, at)) return read_tail(ring);
  for (int i = 0; i < kTries && tail.position < at.position; ++i) {
    const bool gaps = may_have_gaps(ring, tail.position, at.position);
    const CountedBoundary again = read_tail(ring);
    // Bits are cleared behind the tail: they count only if it has not moved.
    if (again.position != tail.position) {
      tail = again;
      continue;
    }
    if (gaps) return walk_to(ring, tail, at);
    return {at.position, at.sequence, tail.messages + at.sequence - tail.sequence};
  }
  return tail;
}

}  // namespace busbar::ring
