#pragma once

#include <compare>
#include <cstdint>

#include "daemon/place.hpp"

namespace busbar::daemon {

/// A place that a session holds.
struct Holding {
  std::uint64_t channel_id = 0;
  Place place = {};

  friend auto operator<=>(const Holding&, const Holding&) = default;
};

}  // namespace busbar::daemon
