#include "daemon/access_index.hpp"

#include <algorithm>

#include "config/overflow_id.hpp"

namespace busbar::daemon {

void AccessIndex::count(const control::Access& access, std::int64_t step) {
  const auto count_one = [step](Counts& counts, std::uint32_t id) {
    const auto at = counts.try_emplace(id, 0).first;
    at->second += step;
    if (at->second == 0) counts.erase(at);
  };
  everybody_ += access.everybody ? step : 0;
  for (const std::uint32_t user : access.users) count_one(users_, user);
  for (const std::uint32_t group : access.groups) count_one(groups_, group);
}

bool AccessIndex::admits(const Peer& peer) const {
  if (peer.uid == config::overflow_user()) return false;
  if (everybody_ > 0 || users_.contains(peer.uid)) return true;
  return std::any_of(peer.groups.begin(), peer.groups.end(), [this](std::uint32_t group) {
    return group != config::overflow_group() && groups_.contains(group);
  });
}

}  // namespace busbar::daemon
