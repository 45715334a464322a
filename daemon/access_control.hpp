#pragma once

#include <sys/types.h>

#include <string>

#include "common/control/messages.hpp"
#include "daemon/channel.hpp"
#include "daemon/channel_registry.hpp"
#include "daemon/peer.hpp"

namespace busbar::daemon {

/// Who may do what. The broker's own user and root may do everything; admins may create, remove,
/// reload and see, and use what the channels' lists say; users that this machine's namespace does
/// not know may do nothing. Main thread only.
class AccessControl {
 public:
  AccessControl(uid_t own, control::Access admin);

  /// From now on; for admins that have asked for something already too.
  void set_admin(control::Access admin) { admin_ = std::move(admin); }

  bool is_admin(const Peer& peer) const noexcept;
  bool may(const Peer& peer, control::Role role, const config::ChannelPlan& plan) const noexcept;
  bool may_use(const Peer& peer, const config::ChannelPlan& plan) const noexcept;
  bool may_see(const Peer& peer, const config::ChannelPlan& plan) const noexcept {
    return is_admin(peer) || may_use(peer, plan);
  }

  /// Throws Errc::refused; `what`: what only admins may, "create channels".
  void require_admin(const Peer& peer, const std::string& what) const;
  /// Throws Errc::refused.
  void require(const Peer& peer, control::Role role, const config::ChannelPlan& plan) const;
  void require_sight(const Peer& peer, const config::ChannelPlan& plan) const;

 private:
  bool is_own(const Peer& peer) const noexcept;

  uid_t own_;
  bool own_is_nobody_;
  control::Access admin_;
};

}  // namespace busbar::daemon
