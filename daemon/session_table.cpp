#include "daemon/session_table.hpp"

#include <algorithm>

namespace busbar::daemon {

Session& SessionTable::add(Peer peer) {
  const std::uint64_t id = ++last_id_;
  auto portion = shares_.add_session(peer.uid);
  auto session = std::make_unique<Session>(id, std::move(peer), std::move(portion));
  return *sessions_.emplace(id, std::move(session)).first->second;
}

Session* SessionTable::find(std::uint64_t id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : at->second.get();
}

std::uint32_t SessionTable::clients() const noexcept {
  return static_cast<std::uint32_t>(
      std::count_if(sessions_.begin(), sessions_.end(),
                    [](const auto& entry) { return entry.second->welcomed(); }));
}

}  // namespace busbar::daemon
