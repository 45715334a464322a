#include "common/ring/solo_claims.hpp"

#include <algorithm>

namespace busbar::ring {

using namespace layout;

namespace {

// Of a publisher whose process nobody forks.
constexpr std::atomic<int> kOpen{1};

static_assert(offsetof(PublishersLine, claimed) == offsetof(hot::Publishing::Shared, claimed) &&
                  offsetof(PublishersLine, sequence) == offsetof(hot::Publishing::Shared, sequence),
              "whoever joins would take a sequence for a position");

}  // namespace

SoloClaims::SoloClaims(const RingView& ring) : finder_(ring) {
  hot_.data = ring.data;
  hot_.mask = ring.mask;
  hot_.grid = ~std::uint64_t{ring.alignment - 1u};
  hot_.max_message = ring.max_message;
  hot_.shared = reinterpret_cast<hot::Publishing::Shared*>(&ring.control->publishers);
  hot_.call = &ring.seats_control->call;
}

void SoloClaims::take_role(const RingView& ring) {
  hot_.claimed = ring.control->publishers.claimed.load(std::memory_order_acquire);
  hot_.sequence = ring.control->publishers.sequence.load(std::memory_order_relaxed);
  hot_.next = hot_.claimed;
  hot_.usable = hot_.claimed;
  gate_ = hot_.claimed;
  open_unless_forked(ring, kOpen);
  drop_checkpoints_beyond(ring, hot_.claimed);
}

void SoloClaims::open_unless_forked(const RingView& ring, const std::atomic<int>& alive) {
  // The inline commit has no fence of its own.
  if (ring.fence_rule == FenceRule::membarrier) hot_.is_alive = &alive;
}

Outcome SoloClaims::claim_slowly(const RingView& ring, std::uint64_t size, Room& room) {
  adopt_inline_claim(ring);
  const std::uint64_t extent = ring.extent(kHeaderBytes + size);
  if (hot_.next + extent + kReserveBytes > hot_.usable) {
    const Outcome outcome = find_room(ring, extent);
    if (outcome != Outcome::ok) return outcome;
    if (hot_.open == 0 && hot_.claim(size) != nullptr) {
      room = {hot_.claimed, size};
      return Outcome::ok;
    }
  }
  // Open claims before this one: if we die, what is committed behind them is found over them.
  if (hot_.claimed != hot_.next) show_last(ring);
  const std::uint64_t position = hot_.next;
  ring.record(position + extent).word.store(0, std::memory_order_relaxed);  // the terminator
  give_number(ring, position);
  room = {position, size};
  hot_.next = position + extent;
  ++hot_.open;
  return Outcome::ok;
}

void SoloClaims::give_number(const RingView& ring, std::uint64_t position) {
  ring.record(position).sequence.store(static_cast<std::uint32_t>(hot_.sequence + numbers_++),
                                       std::memory_order_relaxed);
}

/// From now on it is like any other, and can have fellows.
void SoloClaims::adopt_inline_claim(const RingView& ring) {
  if (!has_inline_claim()) return;
  give_number(ring, hot_.claimed);
  hot_.open = 1;
}

void SoloClaims::forget() noexcept {
  if (hot_.open > 0) --hot_.open;
  if (hot_.open == 0) hot_.claimed = hot_.next;
}

void SoloClaims::advance(const RingView& ring) {
  while (hot_.claimed != hot_.next) {
    const Word word(ring.record(hot_.claimed).word.load(std::memory_order_relaxed));
    if (word.state() <= RecordState::claimed) break;
    if (takes_number(word)) {
      ++hot_.sequence;
      --numbers_;
    }
    hot_.claimed += ring.extent(word.length());
  }
  hot_.shared->sequence.store(hot_.sequence, std::memory_order_release);
  BUSBAR_CRASH_POINT("solo.sequence");
  // release: whoever joins at `claimed` finds every word before it.
  hot_.shared->claimed.store(hot_.claimed, std::memory_order_release);
}

Outcome SoloClaims::find_room(const RingView& ring, std::uint64_t extent) {
  if (ring.closed()) return Outcome::closed;
  if (lookout_ != nullptr && !lookout_->look(nullptr)) return Outcome::closed;
  const std::uint64_t next = hot_.next;
  std::uint64_t place = 0;
  Limits limits{gate_, hot_.usable};
  const bool found = finder_.find(ring, next, extent, claimed(), limits, place);
  gate_ = limits.gate;
  hot_.usable = limits.usable;
  if (!found) return Outcome::full;
  if (place != next) {
    if (hot_.claimed != next) show_last(ring);
    step_over(ring, next, place, 0);
    hot_.next = place;
    last_ = place;
    advance(ring);  // the skip is finished
  }
  return Outcome::ok;
}

/// Gives the last claim a word, if it has none yet: another claim is to follow. An oldest claim
/// without a word is the last one.
void SoloClaims::show_last(const RingView& ring) {
  const Word oldest(ring.record(hot_.claimed).word.load(std::memory_order_relaxed));
  const std::uint64_t last = oldest.state() == RecordState::empty ? hot_.claimed : last_;
  RecordHeader& record = ring.record(last);
  if (last != hot_.next && record.word.load(std::memory_order_relaxed) == 0) {
    // release: its number before it (repair).
    record.word.store(Word(RecordState::claimed, hot_.next - last, 0).bits(),
                      std::memory_order_release);
  }
  last_ = hot_.next;  // of the claim to come
}

void SoloClaims::begin_batch(const RingView& ring, std::span<const Room> rooms) {
  adopt_inline_claim(ring);
  if (rooms.empty()) return;
  std::uint64_t first = hot_.next, bytes = 0;
  for (const Room& room : rooms) {
    first = std::min(first, room.position);
    bytes += ring.extent(kHeaderBytes + room.size);
  }
  if (first + bytes == hot_.next) ring.record(first).word.store(0, std::memory_order_release);
}

}  // namespace busbar::ring
