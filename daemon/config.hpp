#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/control/messages.hpp"

namespace busbar::daemon {

struct Limits {
  std::optional<std::uint64_t> memory = {};  // nothing: by the machine (limits.hpp)
  std::uint32_t clients = 1024;
  std::uint32_t channels = 4096;
};

struct ConfiguredChannel {
  std::string name;
  control::ChannelSettings settings;
};

/// What an operator may decide, with what holds if he does not. A plain value.
struct Config {
  std::string bus = "default";
  std::string socket = {};  // empty: by the environment (socket_path.hpp)
  mode_t socket_mode = 0600;
  control::ChannelSettings defaults = {};
  Limits limits = {};
  bool dynamic_channels = true;
  std::vector<ConfiguredChannel> channels = {};
  std::string log_level = "info";
};

}  // namespace busbar::daemon
