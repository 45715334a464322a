#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "daemon/ledger/ledger.hpp"
#include "daemon/session.hpp"

namespace busbar::daemon {

/// All sessions by their ids, which are never used again. Main thread only.
class SessionTable {
 public:
  using Sessions = std::map<std::uint64_t, std::unique_ptr<Session>>;

  SessionTable(UserShares& shares, Ledger& ledger) : shares_(shares), ledger_(ledger) {}

  Session& add(Peer peer);
  /// Null if there is none.
  Session* find(std::uint64_t id) const;
  /// Makes a client of it, from its hello on.
  void welcome(Session& session, control::Hello hello, std::string secret);
  /// From now on the next broker will know it too. Throws Errc::limit.
  void note_down(Session& session);
  /// A client of an earlier broker.
  Session& adopt(const SessionRecord& record, UniqueFd pidfd);
  /// The client of `session` comes back by the connection of another one, which ends with that.
  void come_back(Session& session, Session& by, control::Hello hello);
  void erase(std::uint64_t id);

  const Sessions& all() const noexcept { return sessions_; }
  /// Those that have said hello.
  std::uint32_t clients() const noexcept { return clients_; }

 private:
  UserShares& shares_;
  Ledger& ledger_;
  std::uint32_t clients_ = 0;
  Sessions sessions_;
};

}  // namespace busbar::daemon
