#include "cli/reception.hpp"

#include <algorithm>
#include <string>

#include "cli/exit.hpp"
#include "cli/stop_signals.hpp"

namespace busbar::cli {
namespace {

constexpr std::uint64_t kBatch = 256;
// A batch holds up its room in the ring until it is over: more than this part of it, and the
// publisher would stand still meanwhile.
constexpr std::size_t kPartOfRing = 8;

}  // namespace

Ending Reception::run() {
  for (;;) {
    auto ending = take_waiting();
    output_.flush();
    if (!ending) ending = wait_for_one();
    if (!ending) continue;
    output_.flush();
    return *ending;
  }
}

std::optional<Ending> Reception::take_waiting() {
  for (;;) {
    if (has_count()) return Ending::count;
    if (StopSignals::requested()) return Ending::interrupted;
    subscriber_.poll([this](const Message& message) { take(message); }, batch_size());
    switch (subscriber_.poll_outcome()) {
      case Outcome::ok:
      case Outcome::overrun:  // Subscriber::lost() has grown; what is left comes next
        continue;
      case Outcome::empty:
        return has_count() ? std::optional(Ending::count) : std::nullopt;
      case Outcome::ended:
        return has_count() ? Ending::count : Ending::ended;
      case Outcome::evicted:
        return has_count() ? Ending::count : Ending::evicted;
      default:
        return has_count() ? Ending::count : Ending::closed;
    }
  }
}

std::optional<Ending> Reception::wait_for_one() {
  const Message message =
      limits_.timeout ? subscriber_.receive(*limits_.timeout) : subscriber_.receive();
  switch (message.outcome()) {
    case Outcome::ok:
      take(message);
      return std::nullopt;
    case Outcome::overrun:
      return std::nullopt;
    case Outcome::timeout:
      return Ending::timeout;
    case Outcome::interrupted:
      return Ending::interrupted;
    case Outcome::ended:
      return Ending::ended;
    case Outcome::closed:
      return Ending::closed;
    case Outcome::evicted:
      return Ending::evicted;
    default:
      throw Failure("channel \"" + subscriber_.channel() +
                    "\": " + std::string(to_string(message.outcome())));
  }
}

void Reception::take(const Message& message) {
  largest_ = std::max(largest_, message.payload().size());
  writer_.write(message);
}

bool Reception::has_count() const {
  return limits_.count && writer_.stats().messages() >= *limits_.count;
}

int Reception::batch_size() const {
  const std::uint64_t fair = subscriber_.capacity() / kPartOfRing / largest_;
  const std::uint64_t most = std::clamp<std::uint64_t>(fair, 1, kBatch);
  if (!limits_.count) return static_cast<int>(most);
  return static_cast<int>(std::min(most, *limits_.count - writer_.stats().messages()));
}

}  // namespace busbar::cli
