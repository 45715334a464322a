#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace compare {

/// Traces children of the caller with all their threads for `seconds` and returns how many system
/// calls they made. Each costs them some microseconds meanwhile.
std::uint64_t count_calls(const std::vector<pid_t>& processes, double seconds);

}  // namespace compare
