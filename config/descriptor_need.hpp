#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace busbar::config {

/// How many descriptors a broker has open when it is at its limits of clients and channels.
std::uint64_t descriptor_need(const Limits& limits) noexcept;

}  // namespace busbar::config
