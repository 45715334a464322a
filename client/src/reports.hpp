#pragma once

#include "busbar/info.hpp"
#include "busbar/options.hpp"
#include "common/control/messages.hpp"

// Between the control protocol's values and the public ones.

namespace busbar {

ChannelInfo info_of(const control::ChannelReport& report);
ChannelDetails details_of(const control::ChannelShown& shown);
ClientInfo info_of(const control::ClientReport& report);
BrokerInfo info_of(const control::BrokerReport& report);
control::ChannelSettings settings_of(const ChannelOptions& options);

}  // namespace busbar
