#pragma once

#include <time.h>

#include <cstdint>

namespace busbar::sync {

/// Milliseconds of CLOCK_MONOTONIC_COARSE, low 32 bits: differences hold for 49 days. A few
/// nanoseconds, good to about 10 ms, the same in every process (but for time namespaces).
inline std::uint32_t coarse_milliseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint32_t>(std::uint64_t(now.tv_sec) * 1000 +
                                    std::uint64_t(now.tv_nsec) / 1'000'000);
}

}  // namespace busbar::sync
