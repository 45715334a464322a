#include "config/access.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "config/overflow_id.hpp"

namespace busbar::config {
namespace {

using control::Access;

bool admits_user(const Access& access, std::uint32_t user,
                 const std::vector<std::uint32_t>& groups = {}) {
  return admits(access, user, groups);
}

TEST(Access, AdmitsUsersAndMembersOfGroups) {
  const Access access{.users = {1001}, .groups = {100}};
  EXPECT_TRUE(admits_user(access, 1001));
  EXPECT_TRUE(admits_user(access, 1002, {7, 100}));
  EXPECT_FALSE(admits_user(access, 1002, {7, 1001}));
  EXPECT_FALSE(admits_user(access, 100));
}

TEST(Access, OfAnEmptyListAdmitsNobody) {
  EXPECT_FALSE(admits_user({}, 0, {0}));
}

TEST(Access, OfEverybodyIsNotForUsersThatTheMachineDoesNotKnow) {
  EXPECT_TRUE(admits_user({.everybody = true}, 4711));
  EXPECT_FALSE(admits_user({.everybody = true}, overflow_user()));
  EXPECT_FALSE(admits_user({.users = {overflow_user()}}, overflow_user()));
  EXPECT_FALSE(admits_user({.groups = {overflow_group()}}, 1001, {overflow_group()}));
}

TEST(Access, IsToldInWords) {
  EXPECT_EQ(access_text({}), "nobody else");
  EXPECT_EQ(access_text({.everybody = true, .users = {1}}), "everybody");
  EXPECT_EQ(access_text({.users = {1, 2}, .groups = {3}}), "users 1, 2; groups 3");
  EXPECT_EQ(access_text({.groups = {3}}), "groups 3");
}

}  // namespace
}  // namespace busbar::config
