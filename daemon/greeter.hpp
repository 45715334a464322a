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
          const UserShares& shares, const config::Config& config)
      : sessions_(sessions),
        channels_(channels),
        access_(access),
        shares_(shares),
        config_(config) {
    renew();
  }

  /// The configuration has changed.
  void renew();

  /// Throws Errc::refused, version, protocol, invalid_name or limit, with both sides in the text.
  control::Welcome greet(Session& session, const control::Hello& hello);

 private:
  void check_user(const Peer& peer) const;
  bool may_join(const Peer& peer) const;

  SessionTable& sessions_;
  const ChannelRegistry& channels_;
  const AccessControl& access_;
  const UserShares& shares_;
  const config::Config& config_;
  AccessIndex configured_;  // by the lists of the configuration, whether the channels exist or not
};

}  // namespace busbar::daemon
