#pragma once

#include <cstdint>
#include <limits>

#include "config/config.hpp"

// What there is for channels. All in bytes; kUnknownMemory: it cannot be told, or has no bound.

namespace busbar::config {

inline constexpr std::uint64_t kUnknownMemory = std::numeric_limits<std::uint64_t>::max();

std::uint64_t machine_memory();

/// Of /dev/shm: all, and what is free now.
std::uint64_t shared_memory();
std::uint64_t free_shared_memory();

/// The memory limit of a broker that was given none: half of the machine's memory or of the size of
/// /dev/shm, whichever is less.
std::uint64_t default_memory_limit();

/// The memory limit in force.
std::uint64_t memory_limit(const Limits& limits);

}  // namespace busbar::config
