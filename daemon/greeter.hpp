#pragma once

#include "common/control/messages.hpp"
#include "config/config.hpp"
#include "daemon/access_control.hpp"
#include "daemon/access_index.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/session_table.hpp"
#include "daemon/user_shares.hpp"

namespace busbar::daemon {

/// Decides who may join. Main thread only.
class Greeter {
 public:
  Greeter(SessionTable& sessions, const ChannelRegistry& channels, const AccessControl& access,
          const UserShares& shares, const config::Config& config, std::uint64_t epoch)
      : sessions_(sessions),
        channels_(channels),
        access_(access),
        shares_(shares),
        config_(config),
        epoch_(epoch) {
    renew();
  }

  /// The configuration has changed.
  void renew();

  /// Throws Errc::refused, version, protocol or invalid_name, with both sides in the text.
  void check(const Peer& peer, const control::Hello& hello) const;

  /// The session that a client proves to be his: by its secret, of the same user and process. Its
  /// connection, if it has one, is done with. Null: he is new here.
  Session* returning(const Peer& peer, const control::Hello& hello) const;

  /// Makes a client of a session whose hello was checked. Throws Errc::limit.
  control::Welcome greet(Session& session, const control::Hello& hello);
  /// What a client is told of its session.
  control::Welcome welcome(Session& session) const;

 private:
  void check_user(const Peer& peer) const;
  bool may_join(const Peer& peer) const;

  SessionTable& sessions_;
  const ChannelRegistry& channels_;
  const AccessControl& access_;
  const UserShares& shares_;
  const config::Config& config_;
  std::uint64_t epoch_;
  AccessIndex configured_;  // by the lists of the configuration, whether the channels exist or not
};

}  // namespace busbar::daemon
