#pragma once

#include <compare>
#include <cstdint>

#include "common/control/messages.hpp"

namespace busbar::daemon {

/// A publisher slot or a seat of a channel.
struct Place {
  control::Role role = control::Role::publisher;
  std::uint32_t index = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

}  // namespace busbar::daemon
