#pragma once

#include <busbar/info.hpp>
#include <cstdint>
#include <string>

namespace busbar::cli {

/// "block", "drop_newest", "evict": as it is written on the command line.
std::string when_full_text(WhenFull when_full);
/// The other way round. Throws UsageError.
WhenFull when_full_of(const std::string& word);

/// "1/64": taken of all.
std::string places_text(std::uint32_t taken, std::uint32_t all);

/// A channel's name and settings, one a line.
std::string settings_text(const ChannelInfo& channel);

}  // namespace busbar::cli
