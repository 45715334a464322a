#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace busbar::config {

/// Reads a configuration file: JSON, in which comments are allowed. Throws Errc::invalid_argument
/// with FILE:LINE: POINTER: what was found and what is allowed, or as read_config_file(). Asks the
/// name service where users and groups have names. `own`: the broker's user.
Config load_config(const std::string& path, std::uint32_t own = ::geteuid());

/// The same for a text; `name` stands for FILE.
Config parse_config(std::string_view text, const std::string& name,
                    std::uint32_t own = ::geteuid());

}  // namespace busbar::config
