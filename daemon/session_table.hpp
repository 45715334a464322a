#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "daemon/session.hpp"

namespace busbar::daemon {

/// All sessions by their ids, which are never used again. Main thread only.
class SessionTable {
 public:
  using Sessions = std::map<std::uint64_t, std::unique_ptr<Session>>;

  explicit SessionTable(UserShares& shares) : shares_(shares) {}

  Session& add(Peer peer);
  /// Null if there is none.
  Session* find(std::uint64_t id) const;
  /// Makes a client of it, from its hello on.
  void welcome(Session& session, control::Hello hello);
  void erase(std::uint64_t id);

  const Sessions& all() const noexcept { return sessions_; }
  /// Those that have said hello.
  std::uint32_t clients() const noexcept { return clients_; }

 private:
  UserShares& shares_;
  std::uint64_t last_id_ = 0;
  std::uint32_t clients_ = 0;
  Sessions sessions_;
};

}  // namespace busbar::daemon
