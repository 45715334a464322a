#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/control/messages.hpp"
#include "common/ring/membership.hpp"
#include "daemon/client_socket.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/holding.hpp"
#include "daemon/ledger/records.hpp"
#include "daemon/peer.hpp"
#include "daemon/user_shares.hpp"

namespace busbar::daemon {

/// One client, from its arrival until it is disconnected and holds nothing any more; brokers may
/// come and go meanwhile. Plain state; main thread only.
class Session {
 public:
  Session(std::uint64_t id, Peer peer, UserShares::Portion portion);
  /// One that an earlier broker knew; its client has not come back yet.
  Session(const SessionRecord& record, UniqueFd pidfd, UserShares::Portion portion);

  std::uint64_t id() const noexcept { return id_; }
  const Peer& peer() const noexcept { return peer_; }
  /// As it is seen from here, else as the client says.
  std::int64_t pid() const noexcept;
  /// For messages: "feed" (pid 4711).
  std::string words() const;
  ring::Member member() const noexcept;

  /// Set by a hello that was accepted.
  bool welcomed() const noexcept { return hello_.has_value(); }
  void welcome(control::Hello hello, std::string secret);
  /// Its client comes back by another connection, that of a session of its own so far.
  void come_back(Session& by, control::Hello hello);
  const std::string& secret() const noexcept { return secret_; }
  SessionRecord record() const;
  /// Whether the ledger has it.
  bool is_noted() const noexcept { return noted_; }
  void set_noted() noexcept { noted_ = true; }
  std::string name() const { return hello_ ? hello_->name : std::string(); }
  std::string library() const { return hello_ ? hello_->library : std::string(); }

  /// Null once the client is disconnected.
  ClientSocket* socket() noexcept { return socket_.get(); }
  bool connected() const noexcept { return socket_ != nullptr; }
  /// Whose a connection is: what its callbacks go by, since a client that comes back takes it along
  /// to the session that it had.
  using Bond = std::shared_ptr<std::uint64_t>;
  void connect(std::unique_ptr<ClientSocket> socket, Bond bond) {
    socket_ = std::move(socket);
    bond_ = std::move(bond);
  }
  void disconnect() noexcept { socket_.reset(); }

  /// Channels on which it held places and that are no more.
  std::vector<std::uint64_t>& lost() noexcept { return lost_; }

  void watch_death(Watch watch) { death_watch_ = std::move(watch); }
  bool dead() const noexcept { return dead_; }
  void set_dead() noexcept;

  std::set<Holding>& holdings() noexcept { return holdings_; }
  const std::set<Holding>& holdings() const noexcept { return holdings_; }
  std::uint32_t held(control::Role role) const noexcept;

 private:
  std::uint64_t id_;
  Peer peer_;
  UserShares::Portion portion_;
  std::optional<control::Hello> hello_;
  std::string secret_;
  SeenProcess process_;
  std::vector<std::uint64_t> lost_;
  std::set<Holding> holdings_;
  bool dead_ = false;
  bool noted_ = false;
  Watch death_watch_;
  Bond bond_;
  std::unique_ptr<ClientSocket> socket_;
};

}  // namespace busbar::daemon
