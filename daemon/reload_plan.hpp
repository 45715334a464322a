#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/channel_plan.hpp"
#include "config/config.hpp"
#include "daemon/access_control.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/session_table.hpp"

namespace busbar::daemon {

/// What has to happen so that one configuration takes another's place. A plain value.
struct ReloadPlan {
  std::vector<std::string> changes = {};              // in words, a line each
  std::vector<config::ChannelPlan> make = {};         // new ones, and those that are made anew
  std::vector<std::shared_ptr<Channel>> remove = {};  // those that are made anew too
  std::vector<config::ChannelPlan> admit = {};        // those whose lists alone change
  /// These have to be settled first (members have just left, or it is being made); then plan again.
  std::vector<std::shared_ptr<Channel>> unsettled = {};
};

/// A configuration with its channels' settings made complete. A plain value.
struct WantedConfig {
  config::Config config = {};
  std::vector<config::ChannelPlan> channels = {};
};

/// Changes nothing. Throws Errc::in_use or Errc::invalid_argument with everything that stands
/// against it in one text.
ReloadPlan plan_reload(const config::Config& from, const WantedConfig& to,
                       const ChannelRegistry& channels, const SessionTable& sessions);

}  // namespace busbar::daemon
