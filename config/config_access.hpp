#pragma once

#include <cstdint>

#include "common/control/messages.hpp"
#include "config/config_section.hpp"

// The values that name users and groups. Names become numbers here.

namespace busbar::config {

/// {"users": [...], "groups": [...]}.
control::Access read_access(const ConfigSection& section, const ConfigNode& node);

/// One group, by name or number.
std::uint32_t read_group(const ConfigSection& section, const ConfigNode& node);

}  // namespace busbar::config
