#include "common/ring/tail.hpp"

#include <algorithm>

#include "common/base/crash_point.hpp"
#include "common/ring/gaps.hpp"
#include "common/ring/sequence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

constexpr int kTailTries = 64;

Boundary checkpoint(const RingView& ring, std::uint64_t index) {
  const Checkpoint& entry = ring.control->checkpoints.entry[index % kCheckpoints];
  return {entry.position.load(std::memory_order_relaxed),
          entry.sequence.load(std::memory_order_relaxed)};
}

/// Steps over finished records from `at` to the first boundary at or after `target`.
Boundary walk(const RingView& ring, Boundary at, std::uint64_t target, std::uint64_t end) {
  while (at.position < target && at.position < end) {
    const RecordHeader& record = ring.record(at.position);
    const Word word(record.word.load(std::memory_order_acquire));
    if (word.state() == RecordState::empty || word.state() == RecordState::claimed) break;
    if (!ring.plausible(word.length())) break;
    if (takes_number(word)) at.sequence = sequence_behind(record, at.sequence);
    at.position += ring.extent(word.length());
  }
  return at;
}

/// Steps over finished records and counts those that took a number and are no message.
std::uint64_t records_without_message(const RingView& ring, std::uint64_t from, std::uint64_t to) {
  std::uint64_t count = 0;
  while (from < to) {
    const Word word(ring.record(from).word.load(std::memory_order_acquire));
    if (!ring.plausible(word.length())) break;
    if (takes_number(word) && !is_message(word)) ++count;
    from += ring.extent(word.length());
  }
  return count;
}

}  // namespace

CountedBoundary read_tail(const RingView& ring) {
  const Tail& tail = ring.control->tail;
  CountedBoundary seen;
  for (int i = 0; i < kTailTries; ++i) {
    // acquire: pairs with the release in store_tail.
    const std::uint64_t version = tail.version.load(std::memory_order_acquire);
    const TailEntry& entry = tail.entry[version & 1];
    seen = {entry.position.load(std::memory_order_relaxed),
            entry.sequence.load(std::memory_order_relaxed),
            entry.messages.load(std::memory_order_relaxed)};
    std::atomic_thread_fence(std::memory_order_acquire);
    if (tail.version.load(std::memory_order_relaxed) == version) break;
  }
  return seen;
}

void store_tail(const RingView& ring, const CountedBoundary& to) {
  Tail& tail = ring.control->tail;
  const std::uint64_t version = tail.version.load(std::memory_order_relaxed);
  TailEntry& entry = tail.entry[(version + 1) & 1];
  // A reader of the entry's last use must see the version move before the bytes change: release
  // fence against the acquire fence in read_tail.
  std::atomic_thread_fence(std::memory_order_release);
  entry.position.store(to.position, std::memory_order_relaxed);
  entry.sequence.store(to.sequence, std::memory_order_relaxed);
  entry.messages.store(to.messages, std::memory_order_relaxed);
  BUSBAR_CRASH_POINT("tail.entry");
  tail.version.store(version + 1, std::memory_order_release);
}

void note_checkpoint(const RingView& ring, const Boundary& boundary) {
  Checkpoints& checkpoints = ring.control->checkpoints;
  const std::uint64_t count = checkpoints.count.load(std::memory_order_relaxed);
  if (count > 0) {
    const std::uint64_t last = checkpoint(ring, count - 1).position;
    if (boundary.position < last + stride(ring.capacity) / 2) return;
  }
  Checkpoint& entry = checkpoints.entry[count % kCheckpoints];
  entry.position.store(boundary.position, std::memory_order_relaxed);
  entry.sequence.store(boundary.sequence, std::memory_order_relaxed);
  BUSBAR_CRASH_POINT("checkpoint.entry");
  checkpoints.count.store(count + 1, std::memory_order_release);
}

void drop_checkpoints_beyond(const RingView& ring, std::uint64_t end) {
  Checkpoints& checkpoints = ring.control->checkpoints;
  std::uint64_t count = checkpoints.count.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < kCheckpoints && count > 0; ++i) {
    if (checkpoint(ring, count - 1).position <= end) break;
    --count;
  }
  checkpoints.count.store(count, std::memory_order_relaxed);
}

Boundary boundary_at_or_after(const RingView& ring, const Boundary& from, std::uint64_t target,
                              std::uint64_t end) {
  if (target <= from.position) return from;
  const std::uint64_t count = ring.control->checkpoints.count.load(std::memory_order_relaxed);
  Boundary before = from;
  if (!RingView::aligned(from.position)) return from;
  for (std::uint64_t i = count - std::min<std::uint64_t>(count, kCheckpoints); i < count; ++i) {
    const Boundary candidate = checkpoint(ring, i);
    if (candidate.position <= from.position || candidate.position > end) continue;
    if (!RingView::aligned(candidate.position)) continue;
    if (candidate.position >= target) return candidate;
    before = candidate;
  }
  return walk(ring, before, target, end);
}

CountedBoundary counted(const RingView& ring, const CountedBoundary& from, const Boundary& to) {
  CountedBoundary at{to.position, to.sequence, from.messages + to.sequence - from.sequence};
  if (may_have_gaps(ring, from.position, to.position)) {
    at.messages -= records_without_message(ring, from.position, to.position);
  }
  return at;
}

}  // namespace busbar::ring
