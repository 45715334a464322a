#include "common/ring/repair.hpp"

#include "common/base/crash_point.hpp"
#include "common/ring/gaps.hpp"
#include "common/ring/sequence.hpp"
#include "common/ring/tail.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

/// claimed -> aborted, by one compare-and-swap: the owner's own commit may have come first.
void abort_if_claimed(const RingView& ring, std::uint64_t position, Word seen) {
  if (seen.state() != RecordState::claimed) return;
  std::uint64_t bits = seen.bits();
  mark_gap(ring, position);
  BUSBAR_CRASH_POINT("abort_claim.gap");
  ring.record(position).word.compare_exchange_strong(
      bits, Word(RecordState::aborted, seen.length(), seen.slot()).bits(),
      std::memory_order_acq_rel);
}

}  // namespace

bool repair(const RingView& ring) {
  // The dead may have evicted a seat and not come to the fence (Evictor).
  sync::rare_fence(ring.fence_rule);
  BUSBAR_CRASH_POINT("repair.fenced");
  PublishersLine& line = ring.control->publishers;
  const std::uint64_t start = line.claimed.load(std::memory_order_acquire);
  if (!RingView::aligned(start)) return false;
  Boundary at{start, line.sequence.load(std::memory_order_relaxed)};
  while (at.position - start < ring.capacity) {
    RecordHeader& record = ring.record(at.position);
    const Word word(record.word.load(std::memory_order_acquire));
    if (word.state() == RecordState::empty) return true;
    if (!ring.plausible(word.length()) || word.state() > RecordState::skip) return false;
    abort_if_claimed(ring, at.position, word);
    BUSBAR_CRASH_POINT("repair.aborted");
    if (takes_number(word)) at.sequence = sequence_behind(record, at.sequence);
    at.position += ring.extent(word.length());
    // Sequence first: with the opposite order a second death in between repeats numbers.
    line.sequence.store(at.sequence, std::memory_order_relaxed);
    BUSBAR_CRASH_POINT("repair.sequence");
    line.claimed.store(at.position, std::memory_order_release);
    BUSBAR_CRASH_POINT("repair.claimed");
  }
  return false;
}

bool abort_claims_of(const RingView& ring, std::uint32_t slot) {
  const std::uint64_t oldest = ring.slots[slot].oldest_claim.load(std::memory_order_acquire);
  if (oldest == kNoClaim) return true;
  const std::uint64_t claimed = ring.control->publishers.claimed.load(std::memory_order_acquire);
  // Set before its record became visible: nothing was claimed.
  if (oldest >= claimed) return oldest == claimed;
  if (claimed - oldest > ring.capacity || !RingView::aligned(oldest)) return false;
  std::uint64_t position = oldest;
  while (position < claimed) {
    const Word word(ring.record(position).word.load(std::memory_order_acquire));
    if (word.state() == RecordState::empty || word.state() > RecordState::skip) return false;
    if (!ring.plausible(word.length())) return false;
    if (word.slot() == slot) abort_if_claimed(ring, position, word);
    BUSBAR_CRASH_POINT("abort_claims.one");
    position += ring.extent(word.length());
  }
  return position == claimed;
}

}  // namespace busbar::ring
