#pragma once

#include <cstddef>
#include <string_view>

namespace busbar::daemon {

/// Names of all stored descriptors together, each with a colon: they come back as one variable,
/// $LISTEN_FDNAMES, and Linux starts no program with a variable of more than 128 KiB. What is kept
/// beyond that would keep the broker from ever being started again. It is room for 8,192 names of
/// 14 characters, and for the names of listening sockets.
inline constexpr std::size_t kRoomForDescriptorNames = std::size_t{120} * 1024;

/// What systemd takes as FDNAME=: 1 to 255 printable characters of ASCII without a colon.
constexpr bool is_descriptor_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 255) return false;
  for (const char c : name) {
    if (c < ' ' || c > '~' || c == ':') return false;
  }
  return true;
}

}  // namespace busbar::daemon
