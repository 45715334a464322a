#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/control/messages.hpp"

namespace busbar::config {

/// What every one of the users may have, but for the broker's own and root. What is missing is a
/// quarter of what all have together.
struct UserLimits {
  std::optional<std::uint64_t> memory = {};
  std::optional<std::uint32_t> clients = {};
  std::optional<std::uint32_t> channels = {};
};

struct Limits {
  std::optional<std::uint64_t> memory = {};  // nothing: by the machine
  std::uint32_t clients = 1024;
  std::uint32_t channels = 4096;
  UserLimits per_user = {};
};

struct ConfiguredChannel {
  std::string name;
  control::ChannelSettings settings;
};

/// What an operator may decide, with what holds if he does not. A plain value; names of users and
/// groups are numbers already.
struct Config {
  std::string bus = "default";
  std::string socket = {};  // empty: by the environment
  // The group may knock; what anybody may do is decided by the lists.
  mode_t socket_mode = 0660;
  std::optional<gid_t> socket_group = {};  // nothing: the broker's own
  control::Access admin = {};
  control::ChannelSettings defaults = {};
  Limits limits = {};
  bool dynamic_channels = true;
  std::vector<ConfiguredChannel> channels = {};
  std::string log_level = "info";
  std::string log_target = "auto";  // "auto", "stderr", "journal"
};

}  // namespace busbar::config
