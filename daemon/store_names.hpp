#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace busbar::daemon {

/// Under which names the descriptors of a channel's segments are kept. Short: those of thousands
/// are handed over in one variable of the environment.
struct StoreNames {
  std::string ring, seats;
};
inline StoreNames store_names(std::uint64_t channel_id) {
  char hex[17];
  std::snprintf(hex, sizeof hex, "%llx", static_cast<unsigned long long>(channel_id));
  return {std::string("r") + hex, std::string("s") + hex};
}

}  // namespace busbar::daemon
