#include "daemon/session_table.hpp"

#include <utility>

namespace busbar::daemon {

Session& SessionTable::add(Peer peer) {
  const std::uint64_t id = ledger_.next_session();
  auto portion = shares_.add_session(peer.uid);
  auto session = std::make_unique<Session>(id, std::move(peer), std::move(portion));
  return *sessions_.emplace(id, std::move(session)).first->second;
}

Session* SessionTable::find(std::uint64_t id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : at->second.get();
}

void SessionTable::welcome(Session& session, control::Hello hello, std::string secret) {
  session.welcome(std::move(hello), std::move(secret));
  ++clients_;
}

void SessionTable::note_down(Session& session) {
  if (session.is_noted()) return;
  ledger_.put(session.record());
  session.set_noted();
}

Session& SessionTable::adopt(const SessionRecord& record, UniqueFd pidfd) {
  auto session =
      std::make_unique<Session>(record, std::move(pidfd), shares_.add_session(record.uid));
  session->set_noted();
  ++clients_;
  return *sessions_.emplace(record.id, std::move(session)).first->second;
}

void SessionTable::come_back(Session& session, Session& by, control::Hello hello) {
  session.come_back(by, std::move(hello));
  erase(by.id());
}

void SessionTable::erase(std::uint64_t id) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  if (at->second->welcomed()) {
    --clients_;
    ledger_.erase_session(id);
  }
  sessions_.erase(at);
}

}  // namespace busbar::daemon
