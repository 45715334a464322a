#pragma once

#include <chrono>
#include <cstdint>
#include <string>

// Figures for people who look at a table: rounded down, one digit behind the point at most.

namespace busbar::cli {

/// "512", "1.2MiB", "64KiB".
std::string rough_text(std::uint64_t bytes);

/// "120ms", "9.8s", "12.5min", "3h".
std::string rough_text(std::chrono::milliseconds time);

}  // namespace busbar::cli
