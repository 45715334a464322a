#pragma once

#include <cstdint>
#include <string>

#include "common/control/messages.hpp"
#include "config/channel_plan.hpp"
#include "daemon/creator.hpp"
#include "daemon/holding.hpp"
#include "daemon/seen_process.hpp"

// The ledger's entries as values.

namespace busbar::daemon {

struct SessionRecord {
  std::uint64_t id = 0;
  std::uint32_t uid = 0;
  SeenProcess process = {};
  std::string secret = {};
  // As the client says:
  std::string name = {};
  std::string library = {};
  control::ProcessStatement statement = {};
};

struct ChannelRecord {
  config::ChannelPlan plan = {};
  Creator creator = {};
  std::string segments = {};  // name of both without its last part
};

struct HoldingRecord {
  Holding holding = {};
  std::uint64_t session = 0;
  std::uint64_t grant = 0;
};

}  // namespace busbar::daemon
