#pragma once

#include <cstdint>

namespace busbar::config {

/// The memory limit of a broker that was given none: half of the machine's memory or of the size of
/// /dev/shm, whichever is less.
std::uint64_t default_memory_limit();

}  // namespace busbar::config
