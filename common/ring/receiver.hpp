#pragma once

#include <cstdint>

#include "common/base/deadline.hpp"
#include "common/base/outcome.hpp"
#include "common/ring/holds.hpp"
#include "common/ring/interrupt.hpp"
#include "common/ring/join.hpp"
#include "common/ring/reader.hpp"

namespace busbar::ring {

/// A subscriber's work on a ring: takes messages, in places 0 to 7, and keeps cursor and pins right
/// for what is held. One thread at a time takes; any thread lets go. The view must stay mapped; the
/// seat is granted by the broker, and joined here.
class Receiver {
 public:
  Receiver(const RingView& ring, std::uint32_t seat, JoinAt at, SeatKind kind)
      : reader_(ring, seat, join(ring, seat, at, kind), kind),
        holds_(ring, seat, reader_.position(), kind) {}

  /// The next message, held in `place` until let_go(). Never waits. Outcomes: ok, empty,
  /// too_many_held, overrun, evicted, ended, closed.
  Outcome try_take(Record& record, std::uint32_t& place) {
    if (holds_.is_plain() && reader_.next_at_once(record)) [[likely]] {
      place = 0;
      holds_.hold(0, record.position, record.end);
      return Outcome::ok;
    }
    if (holds_.is_all_pinned(place) && reader_.next_at_once(record)) {
      holds_.hold(place, record.position, record.end);
      return Outcome::ok;
    }
    return take_carefully(record, place);
  }

  /// Waits until try_take() has something to say. Outcomes: ok, timeout, interrupted, closed.
  Outcome await(const Deadline& deadline, Interrupt& interrupt) {
    return reader_.await(deadline, interrupt);
  }

  /// As await(), for who polls next. Also: evicted; too_many_held, where a poll needs a place.
  Outcome await_poll(const Deadline& deadline, Interrupt& interrupt);
  /// What it has to say without waiting, or empty.
  Outcome look() const;
  void set_wait_policy(WaitPolicy policy) noexcept { reader_.set_wait_policy(policy); }

  /// From now on await() tells it who it waits for; null: nobody.
  void set_lookout(Lookout* lookout) noexcept { reader_.set_lookout(lookout); }

  /// Up to `most` messages that are there, each for the time of `visit(record)` alone; the cursor
  /// moves once, behind them all, also if it throws. `why`: what try_take() would have said next,
  /// or ok after `most`. Returns how many.
  template <typename Visit>
  int poll(int most, Outcome& why, Visit visit);

  /// A run of plain messages that the owner takes itself, from reading(): what was held is pinned
  /// first. False for a seat that pins everything. Then pass() now and then, and at its end.
  bool begin_run() noexcept {
    if (holds_.pins_all()) return false;
    if (!holds_.is_plain()) [[unlikely]]
      holds_.pin_current();
    return true;
  }
  hot::Reading& reading() noexcept { return reader_.reading(); }
  /// What lies before is needed no more.
  void pass(std::uint64_t position) noexcept { holds_.pass(position); }
  Outcome nothing_there() const { return reader_.nothing_there(); }

  /// Any thread. True if the owner has closed and this was the last one: the caller disposes.
  [[nodiscard]] bool let_go(std::uint32_t place) noexcept { return holds_.let_go(place); }

  /// Once: takes no more, gates nobody from now on. True if nothing is held: the caller disposes.
  [[nodiscard]] bool close() noexcept { return holds_.close(); }

  /// After fork, in the child: the seat is the parent's and is left alone.
  void detach() noexcept { holds_.detach(); }

  /// Messages committed since it joined that a lossy seat will not get.
  std::uint64_t lost() const noexcept { return reader_.lost(); }
  /// Where it reads on.
  std::uint64_t position() const noexcept { return reader_.position(); }

 private:
  /// Moves the cursor behind what was polled, however the poll ends.
  struct CursorOnExit {
    Receiver& receiver;
    ~CursorOnExit() { receiver.holds_.pass(receiver.reader_.position()); }
  };
  struct TakenForVisit {
    Holds& holds;
    const std::uint32_t place;
    ~TakenForVisit() { holds.unhold_pinned(place); }
  };

  Outcome take_carefully(Record& record, std::uint32_t& place);
  Outcome take_pinned(Record& record, std::uint32_t place);
  Outcome no_place() const noexcept {
    return reader_.is_evicted() ? Outcome::evicted : Outcome::too_many_held;
  }
  template <typename Visit>
  Outcome visit_pinned(Visit& visit);

  Reader reader_;
  Holds holds_;
};

template <typename Visit>
int Receiver::poll(int most, Outcome& why, Visit visit) {
  const bool pins_all = holds_.pins_all();
  if (!pins_all && !holds_.is_plain()) [[unlikely]]
    holds_.pin_current();
  const CursorOnExit cursor{*this};
  why = Outcome::ok;
  for (int count = 0; count < most; ++count) {
    if (pins_all) [[unlikely]] {
      why = visit_pinned(visit);
      if (why != Outcome::ok) return count;
      continue;
    }
    Record record;
    why = reader_.next(record);
    if (why != Outcome::ok) return count;
    visit(record);
  }
  return most;
}

template <typename Visit>
Outcome Receiver::visit_pinned(Visit& visit) {
  const std::uint32_t place = holds_.free_place();
  if (place == Holds::kNone) return no_place();
  Record record;
  const Outcome outcome = reader_.next_pinned(record, place);
  if (outcome != Outcome::ok) return outcome;
  // The cursor too, for each: a seat that gets on is not evicted.
  holds_.hold_pinned(place, record.end);
  const TakenForVisit taken{holds_, place};
  visit(record);
  return Outcome::ok;
}

}  // namespace busbar::ring
