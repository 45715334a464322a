#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/deadline.hpp"
#include "common/base/outcome.hpp"
#include "common/hot/reading.hpp"
#include "common/ring/interrupt.hpp"
#include "common/ring/lookout.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/seat_kind.hpp"
#include "common/ring/tail.hpp"
#include "common/ring/waiting.hpp"

namespace busbar::ring {

using hot::Record;

/// The walk of one seat over the ring. It polls the records themselves; the seat's cursor is
/// another's business (Holds). One thread at a time.
class Reader {
 public:
  Reader(const RingView& ring, std::uint32_t seat, const CountedBoundary& start,
         SeatKind kind = SeatKind::reliable)
      : ring_(ring),
        seat_(seat),
        kind_(kind),
        at_{ring.data,     ring.mask,      ring.alignment - 1u,
            ring.capacity, start.position, start.sequence},
        messages_(start.messages) {}

  /// Steps to the next message and past what carries none; for a seat whose cursor keeps the record
  /// from being written over. Never waits. Outcomes: ok; empty; ended (stepped past the end
  /// record); closed (no more to come, or bytes that make no sense).
  Outcome next(Record& record) {
    if (at_.next(record)) [[likely]]
      return Outcome::ok;
    return next_slow(record);
  }
  /// True if a message begins right at the reading position: the common case of next().
  bool next_at_once(Record& record) { return at_.next(record); }
  /// All cases of next().
  Outcome next_slow(Record& record);

  /// The same for a seat that pins everything: an outcome of ok leaves the record pinned in
  /// `place`, until the pin is cleared. Also: overrun (lapped, and lost() has grown; the next call
  /// goes on with what is there), evicted.
  Outcome next_pinned(Record& record, std::uint32_t place);

  /// What await() has to say without waiting, or empty.
  Outcome look() const;

  /// Waits until next() or next_pinned() has something to say: spins, yields, sleeps. Outcomes: ok,
  /// timeout, interrupted, closed.
  Outcome await(const Deadline& deadline, Interrupt& interrupt);
  void set_wait_policy(WaitPolicy policy) noexcept { waiting_.set_policy(policy); }

  /// Behind a look that has found nothing: empty, or closed where nothing will ever come.
  Outcome nothing_there() const;

  /// From now on await() tells it who it waits for; null: nobody.
  void set_lookout(Lookout* lookout) noexcept { lookout_ = lookout; }

  std::uint64_t position() const noexcept { return at_.position; }

  /// For steps that are taken elsewhere, one message after the other.
  hot::Reading& reading() noexcept { return at_; }

  /// Whether a publisher has taken the seat away.
  bool is_evicted() const noexcept {
    return ring_.seats[seat_].word.load(std::memory_order_acquire).state() ==
           layout::SeatState::evicted;
  }

  /// Messages that were committed at or behind the start and that a lossy seat will not get.
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  Outcome sleep(const Deadline& deadline, Interrupt& interrupt);
  std::optional<Blocker> claim_in_front() const;
  void suspect(const Blocker& blocker) const;

  bool is_mine() const;
  Outcome not_mine();
  bool pin(std::uint32_t place, std::uint64_t bytes);
  bool go_to_tail();

  RingView ring_;
  std::uint32_t seat_;
  SeatKind kind_;
  hot::Reading at_;
  std::uint64_t messages_;  // lossy: committed before at_
  std::uint64_t lost_ = 0;
  Lookout* lookout_ = nullptr;
  Waiting waiting_{Waiting::Look::record};
};

}  // namespace busbar::ring
