#include "daemon/access_control.hpp"

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "config/access.hpp"
#include "config/overflow_id.hpp"

namespace busbar::daemon {
namespace {

std::string words(const Peer& peer) {
  std::string text = "uid " + std::to_string(peer.uid);
  if (peer.uid == config::overflow_user()) text += " (a user whom this machine does not know)";
  return text;
}

}  // namespace

AccessControl::AccessControl(uid_t own, control::Access admin)
    : own_(own), own_is_nobody_(own == config::overflow_user()), admin_(std::move(admin)) {}

bool AccessControl::is_own(const Peer& peer) const noexcept {
  return peer.uid == 0 || (peer.uid == own_ && !own_is_nobody_);
}

bool AccessControl::is_admin(const Peer& peer) const noexcept {
  return is_own(peer) || config::admits(admin_, peer.uid, peer.groups);
}

bool AccessControl::may(const Peer& peer, control::Role role,
                        const config::ChannelPlan& plan) const noexcept {
  const bool publisher = role == control::Role::publisher;
  return is_own(peer) ||
         config::admits(publisher ? plan.publish : plan.subscribe, peer.uid, peer.groups);
}

bool AccessControl::may_use(const Peer& peer, const config::ChannelPlan& plan) const noexcept {
  return may(peer, control::Role::publisher, plan) || may(peer, control::Role::subscriber, plan);
}

void AccessControl::require_admin(const Peer& peer, const std::string& what) const {
  if (is_admin(peer)) return;
  throw Error(Errc::refused, words(peer) + " may not " + what +
                                 ": only root, the broker's user and those under \"admin\" may");
}

void AccessControl::require(const Peer& peer, control::Role role,
                            const config::ChannelPlan& plan) const {
  if (may(peer, role, plan)) return;
  const bool publisher = role == control::Role::publisher;
  throw Error(Errc::refused, words(peer) + " may not " +
                                 (publisher ? "publish to" : "subscribe to") + " channel " +
                                 busbar::quoted(plan.ring.name) + ": its \"" +
                                 (publisher ? "publish" : "subscribe") +
                                 "\" list names neither this user nor one of its groups");
}

void AccessControl::require_sight(const Peer& peer, const config::ChannelPlan& plan) const {
  if (may_see(peer, plan)) return;
  throw Error(Errc::refused, words(peer) + " may not look at channel " +
                                 busbar::quoted(plan.ring.name) +
                                 ": only those who may use it and admins may");
}

}  // namespace busbar::daemon
