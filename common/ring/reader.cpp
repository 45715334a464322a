#include "common/ring/reader.hpp"

#include <chrono>

#include "common/base/crash_point.hpp"
#include "common/ring/deaths.hpp"
#include "common/ring/rest.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/doorbell.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// In front of an open claim: between two looks whether its publisher is still there.
constexpr std::chrono::milliseconds kSlice{8};
// A wake that a death swallowed while the broker is away must not be waited for for ever.
constexpr std::chrono::seconds kLongestSleep{10};

}  // namespace

Outcome Reader::next_slow(Record& record) {
  const std::uint64_t start = at_.position;
  // More than a lap of skips cannot come from an honest publisher.
  while (at_.position - start <= ring_.capacity) {
    const Word word = at_.look();
    const RecordState state = word.state();
    if (state == RecordState::empty || state == RecordState::claimed) return nothing_there();
    if (state > RecordState::skip || !ring_.plausible(word.length())) return Outcome::closed;
    if (state == RecordState::skip) {
      at_.position += ring_.extent(word.length());
      continue;
    }
    if (word.length() < kHeaderBytes) return Outcome::closed;
    at_.take(word, record);
    if (state == RecordState::aborted) continue;
    return (word.flags() & kFlagEnd) != 0 ? Outcome::ended : Outcome::ok;
  }
  return Outcome::closed;
}

Outcome Reader::nothing_there() const {
  // The state before the word: what was committed before the end is still delivered.
  return ring_.closed() && look() == Outcome::empty ? Outcome::closed : Outcome::empty;
}

Outcome Reader::look() const {
  const Word word(ring_.record(at_.position).word.load(std::memory_order_acquire));
  // Lapped or evicted: what was loaded need not be a word.
  if (pins_everything(ring_, kind_) && !is_mine()) return Outcome::ok;
  const RecordState state = word.state();
  if (state == RecordState::empty || state == RecordState::claimed) return Outcome::empty;
  const std::uint64_t least = state == RecordState::skip ? 0 : kHeaderBytes;
  const bool makes_sense =
      state <= RecordState::skip && ring_.plausible(word.length()) && word.length() >= least;
  return makes_sense ? Outcome::ok : Outcome::closed;
}

Outcome Reader::await(const Deadline& deadline, Interrupt& interrupt) {
  waiting_.begin(at_.position, at_.sequence, batch_bytes(ring_));
  while (rest(waiting_)) {
    const Outcome outcome = look();
    if (outcome != Outcome::empty) return outcome;
    // What the wait then ends with is decided there.
    if (waiting_.may_read_clock() && (interrupt.is_raised() || deadline.passed())) break;
  }
  const SleepWatch watch(waiting_);
  return watch.seen(sleep(deadline, interrupt));
}

Outcome Reader::sleep(const Deadline& deadline, Interrupt& interrupt) {
  DoorbellBytes& bell = ring_.seats[seat_].bell;
  std::atomic<std::uint64_t>& sleepers = ring_.seats_control->sleepers[seat_ / kBitsPerWord];
  const std::uint64_t bit = std::uint64_t{1} << (seat_ % kBitsPerWord);
  std::optional<Blocker> last;
  for (;;) {
    // Pair sleep / commit: drain, bit, call, fence, look again, sleep; after any wake start over.
    sync::take_token(bell);
    sleepers.fetch_or(bit);
    call_publishers(ring_);
    BUSBAR_CRASH_POINT("sleep.bit");
    sync::rare_fence(ring_.fence_rule);
    BUSBAR_CRASH_POINT("sleep.fenced");
    // Before the word: what was committed before the end is still delivered.
    const bool is_closed = ring_.closed();
    Outcome outcome = look();
    if (outcome == Outcome::empty) {
      if (is_closed) {
        outcome = Outcome::closed;
      } else if (interrupt.take()) {
        outcome = Outcome::interrupted;
      } else if (deadline.passed()) {
        outcome = Outcome::timeout;
      }
    }
    // Behind all: nothing that is there is kept back by what it says.
    if (outcome == Outcome::empty && lookout_ != nullptr &&
        !lookout_->look(last ? &*last : nullptr)) {
      outcome = Outcome::closed;
    }
    if (outcome != Outcome::empty) {
      sleepers.fetch_and(~bit);
      return outcome;
    }
    const std::optional<Blocker> blocker = claim_in_front();
    if (!blocker) {
      last.reset();
      sync::wait_for_token(bell, deadline.left(kLongestSleep));
      BUSBAR_CRASH_POINT("sleep.woken");
    } else {
      sync::wait_for_token(bell, deadline.left(kSlice));
      last = claim_in_front();
      if (last) suspect(*last);
    }
    // Mostly it is there now, and the fence can be saved.
    outcome = look();
    if (outcome != Outcome::empty) {
      if ((sleepers.load(std::memory_order_relaxed) & bit) != 0) sleepers.fetch_and(~bit);
      return outcome;
    }
  }
}

/// Whose claim it is that is in front.
std::optional<Blocker> Reader::claim_in_front() const {
  const Word word(ring_.record(at_.position).word.load(std::memory_order_acquire));
  if (word.state() != RecordState::claimed || word.slot() >= ring_.max_publishers) {
    return std::nullopt;
  }
  return Blocker{true, word.slot()};
}

/// A reader cannot write the ring: where it sees that a publisher is gone, it asks its fellows to
/// mend what it has left.
void Reader::suspect(const Blocker& blocker) const {
  if (ring_.max_publishers == 1) return;
  const SlotWord word = ring_.slots[blocker.index].word.load(std::memory_order_acquire);
  if (!holder_gone(ring_, blocker.index, word)) return;
  ring_.seats_control->mend_wanted.fetch_or(std::uint64_t{1} << blocker.index);
  hail_publishers(ring_);
}

}  // namespace busbar::ring
