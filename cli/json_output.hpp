#pragma once

#include <busbar/info.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "cli/doctor/finding.hpp"
#include "cli/top/top_view.hpp"

// The documents of --json: one a call (of `top` one a line), keys as in busbar/info.hpp,
// sizes in bytes, times in nanoseconds. Bytes that are no UTF-8 are replaced.

namespace busbar::cli {

/// {"channels": [{...}]}
std::string channels_json(const std::vector<ChannelInfo>& channels);
/// {"channel": {...}}
std::string channel_json(const ChannelInfo& channel);
/// {"channel": {...}, "publishers": [{...}], "subscribers": [{...}]}
std::string details_json(const ChannelDetails& details);
/// {"clients": [{...}]}
std::string clients_json(const std::vector<ClientInfo>& clients);

/// {"problems": N, "warnings": N, "findings": [{...}]}
std::string findings_json(const Findings& findings);

/// One line: a sample, and the channels with what happened since the one before, `interval` ago.
std::string activity_json(const TopView& view, std::chrono::nanoseconds interval);
/// One line: {"time_ms": ..., "away": WHY}
std::string away_json(const std::string& why);

}  // namespace busbar::cli
