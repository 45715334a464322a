#include "daemon/access_index.hpp"

#include <gtest/gtest.h>

#include "config/overflow_id.hpp"

namespace busbar::daemon {
namespace {

Peer peer(uid_t uid, std::vector<std::uint32_t> groups = {}) {
  Peer peer;
  peer.uid = uid;
  peer.groups = std::move(groups);
  return peer;
}

TEST(AccessIndex, AdmitsWhomAnyListAdmits) {
  AccessIndex index;
  index.add({.users = {1001}});
  index.add({.groups = {100}});
  EXPECT_TRUE(index.admits(peer(1001)));
  EXPECT_TRUE(index.admits(peer(1002, {7, 100})));
  EXPECT_FALSE(index.admits(peer(1002, {7})));
}

TEST(AccessIndex, ForgetsAListThatIsRemovedAndNoOtherLikeIt) {
  AccessIndex index;
  const control::Access list{.everybody = true, .users = {1001}, .groups = {100}};
  index.add(list);
  index.add(list);
  index.remove(list);
  EXPECT_TRUE(index.admits(peer(4711)));
  index.remove(list);
  EXPECT_FALSE(index.admits(peer(1001, {100})));
}

TEST(AccessIndex, AdmitsNobodyWhomTheMachineDoesNotKnow) {
  AccessIndex index;
  index.add({.everybody = true, .users = {config::overflow_user()}});
  EXPECT_FALSE(index.admits(peer(config::overflow_user())));
}

}  // namespace
}  // namespace busbar::daemon
