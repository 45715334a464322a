#include "cli/sender.hpp"

#include <utility>

#include "cli/exit.hpp"
#include "cli/stop_signals.hpp"
#include "cli/words.hpp"

namespace busbar::cli {

void Sender::send(std::span<const std::byte> message) {
  StopSignals::check();
  for (;;) {
    const Outcome outcome = publisher_.publish(message);
    if (outcome == Outcome::ok) return stats_.count(message.size());
    if (outcome == Outcome::dropped) {
      ++dropped_;
      return;
    }
    handle(outcome);
  }
}

Claim Sender::claim(std::size_t size) {
  StopSignals::check();
  for (;;) {
    Claim claim = publisher_.claim(size);
    if (claim) return claim;
    if (claim.outcome() == Outcome::dropped) {
      ++dropped_;
      return claim;
    }
    handle(claim.outcome());
  }
}

void Sender::commit(Claim claim, std::size_t used) {
  claim.commit(used);
  stats_.count(used);
}

void Sender::end() {
  for (;;) {
    StopSignals::check();
    const Outcome outcome = publisher_.end();
    if (outcome == Outcome::ok) return;
    // drop_newest drops messages, not the end: without it subscribers would wait for ever.
    handle(outcome == Outcome::dropped ? Outcome::timeout : outcome);
  }
}

void Sender::handle(Outcome outcome) {
  StopSignals::check();
  switch (outcome) {
    case Outcome::timeout:
      if (!std::exchange(told_of_waiting_, true)) {
        say("channel \"" + publisher_.channel() +
            "\" is full: waiting for its subscribers (busbar show tells who lags or holds "
            "messages)");
      }
      return;
    case Outcome::interrupted:
      return;
    case Outcome::closed:
      throw Failure(closed_text(publisher_.channel()));
    default:
      throw Failure("channel \"" + publisher_.channel() + "\": " + std::string(to_string(outcome)));
  }
}

void Sender::throw_too_large(const std::string& what, std::size_t size, bool at_least) const {
  throw Failure(what + " has " + (at_least ? "at least " : "") + std::to_string(size) +
                " bytes, channel \"" + publisher_.channel() + "\" takes " +
                std::to_string(max_message_) +
                "; send less in one message, or create the channel with a larger --max-message");
}

}  // namespace busbar::cli
