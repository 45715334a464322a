#pragma once

#include <busbar/info.hpp>
#include <chrono>
#include <vector>

namespace busbar::cli {

/// What a bus was like at one time.
struct BusSample {
  std::chrono::steady_clock::time_point at;
  BrokerInfo broker;
  std::vector<ChannelInfo> channels;
  std::vector<ClientInfo> clients;
  bool clients_refused = false;  // the broker tells them to others only
};

}  // namespace busbar::cli
