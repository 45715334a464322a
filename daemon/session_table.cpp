#include "daemon/session_table.hpp"

#include <utility>

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

void SessionTable::welcome(Session& session, control::Hello hello) {
  session.welcome(std::move(hello));
  ++clients_;
}

void SessionTable::erase(std::uint64_t id) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  if (at->second->welcomed()) --clients_;
  sessions_.erase(at);
}

}  // namespace busbar::daemon
