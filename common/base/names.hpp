#pragma once

#include <string>
#include <string_view>

namespace busbar {

/// Channels: [A-Za-z0-9_-][A-Za-z0-9_.-]*, 1 to 128 bytes.
bool is_channel_name(std::string_view name) noexcept;

/// "busbar" and whatever begins with "busbar.": kept for channels of the bus itself.
bool is_reserved_channel_name(std::string_view name) noexcept;

/// Buses: as channels, without dots, 1 to 64 bytes.
bool is_bus_name(std::string_view name) noexcept;

/// The text between double quotes, with everything but printable ASCII escaped and at most 160
/// bytes of it: safe for a log line or a terminal whatever the text is.
std::string quoted(std::string_view text);

/// Throws Errc::invalid_name with the rule in words unless it is a channel name that is
/// not reserved.
void require_channel_name(std::string_view name);

}  // namespace busbar
