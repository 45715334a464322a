#include "common/ring/receiver.hpp"

namespace busbar::ring {

/// Something is held, every message has to be pinned, or what comes next is no plain message.
Outcome Receiver::take_carefully(Record& record, std::uint32_t& place) {
  place = holds_.free_place();
  if (place == Holds::kNone) return no_place();
  if (holds_.pins_all()) return take_pinned(record, place);
  holds_.pin_current();
  const Outcome outcome = reader_.next_slow(record);
  // What was stepped over is needed no more, also if a message follows that is kept.
  holds_.pass(outcome == Outcome::ok ? record.position : reader_.position());
  if (outcome == Outcome::ok) holds_.hold(place, record.position, record.end);
  return outcome;
}

Outcome Receiver::take_pinned(Record& record, std::uint32_t place) {
  const Outcome outcome = reader_.next_pinned(record, place);
  if (outcome == Outcome::ok) {
    holds_.hold_pinned(place, record.end);
  } else {
    holds_.pass(reader_.position());
  }
  return outcome;
}

Outcome Receiver::look() const {
  if (holds_.pins_all()) {
    if (reader_.is_evicted()) return Outcome::evicted;
    if (holds_.free_place() == Holds::kNone) return Outcome::too_many_held;
  }
  return reader_.look();
}

Outcome Receiver::await_poll(const Deadline& deadline, Interrupt& interrupt) {
  Outcome outcome = look();
  if (outcome == Outcome::empty) outcome = reader_.await(deadline, interrupt);
  const bool taken_away = outcome == Outcome::ok && holds_.pins_all() && reader_.is_evicted();
  return taken_away ? Outcome::evicted : outcome;
}

}  // namespace busbar::ring
