#pragma once

#include <functional>
#include <string>

#include "common/control/messages.hpp"
#include "daemon/channel.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/session_table.hpp"

// What the broker tells of its channels and clients. Main thread only. A page holds as many
// entries as surely fit into a packet, whatever their names are.

namespace busbar::daemon {

control::ChannelReport channel_report(const Channel& channel, const SessionTable& sessions);
/// Of the channels that `wanted` says yes to.
control::ChannelList channel_page(const ChannelRegistry& channels, const SessionTable& sessions,
                                  const std::string& after,
                                  const std::function<bool(const Channel&)>& wanted);
control::ChannelShown members_page(const Channel& channel, const SessionTable& sessions,
                                   std::uint32_t from);
control::ClientList client_page(const SessionTable& sessions, std::uint64_t after);

}  // namespace busbar::daemon
