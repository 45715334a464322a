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

}  // namespace busbar::ring
