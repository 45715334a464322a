#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "export.hpp"

namespace busbar {

/// "65536", "64KiB", "1.5MiB", "2GiB", "1MB" (powers of ten) as bytes; nothing if it is no size.
BUSBAR_EXPORT std::optional<std::uint64_t> parse_size(std::string_view text);

/// "250ms", "5s", "1.5s", "10us", "100ns", "2min" as a duration; nothing if it is none. A number
/// without a unit is none, except "0".
BUSBAR_EXPORT std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The shortest exact form with a binary unit: 65536 is "64KiB", 1000 is "1000".
BUSBAR_EXPORT std::string size_text(std::uint64_t bytes);

/// The shortest exact form: 250000000 ns is "250ms".
BUSBAR_EXPORT std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace busbar
