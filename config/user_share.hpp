#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace busbar::config {

/// What one user may have, in numbers. A plain value.
struct UserShare {
  std::uint64_t memory = 0;
  std::uint32_t clients = 0;
  std::uint32_t channels = 0;

  bool operator==(const UserShare&) const = default;
};

/// `memory`: what all users together may have, bytes.
UserShare user_share(const Limits& limits, std::uint64_t memory) noexcept;

}  // namespace busbar::config
