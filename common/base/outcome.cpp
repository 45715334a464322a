#include "common/base/outcome.hpp"

namespace busbar {

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::empty:
      return "empty";
    case Outcome::timeout:
      return "timeout";
    case Outcome::full:
      return "full";
    case Outcome::dropped:
      return "dropped";
    case Outcome::overrun:
      return "overrun";
    case Outcome::too_many_held:
      return "too_many_held";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::evicted:
      return "evicted";
    case Outcome::ended:
      return "ended";
    case Outcome::closed:
      return "closed";
  }
  return "unknown";
}

}  // namespace busbar
