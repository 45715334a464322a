#pragma once

#include <busbar/info.hpp>
#include <string>
#include <vector>

// The documents of --json: one a call, keys as in busbar/info.hpp, sizes in bytes, times in
// nanoseconds. Bytes that are no UTF-8 are replaced.

namespace busbar::cli {

/// {"channels": [{...}]}
std::string channels_json(const std::vector<ChannelInfo>& channels);
/// {"channel": {...}}
std::string channel_json(const ChannelInfo& channel);
/// {"channel": {...}, "publishers": [{...}], "subscribers": [{...}]}
std::string details_json(const ChannelDetails& details);
/// {"clients": [{...}]}
std::string clients_json(const std::vector<ClientInfo>& clients);

}  // namespace busbar::cli
