#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>

#include <string>

#include "common/base/error.hpp"
#include "config/account_names.hpp"
#include "config/config_loader.hpp"
#include "config/overflow_id.hpp"

namespace busbar::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

control::Access admin(const std::string& lists) {
  return parse_config("{\"admin\":\n" + lists + "}", "busbar.json").admin;
}

std::string refusal(const std::string& lists) {
  try {
    admin(lists);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ConfigAccess, ResolvesNamesToNumbers) {
  const group* daemons = ::getgrnam("daemon");
  ASSERT_NE(daemons, nullptr);
  const control::Access access = admin(R"({"users": ["root", 7], "groups": ["daemon"]})");
  EXPECT_THAT(access.users, ElementsAre(0u, 7u));
  EXPECT_THAT(access.groups, ElementsAre(daemons->gr_gid));
  EXPECT_FALSE(access.everybody);
}

TEST(ConfigAccess, KnowsTheNamesOfNumbers) {
  EXPECT_EQ(user_name(0), "root");
  EXPECT_EQ(group_name(0), "root");
  EXPECT_EQ(user_name(4'000'000'000u), std::nullopt);
  EXPECT_EQ(group_number("root"), 0u);
}

TEST(ConfigAccess, TakesAnAsteriskAmongUsersForEverybody) {
  EXPECT_TRUE(admin(R"({"users": ["*"]})").everybody);
  EXPECT_THAT(refusal(R"({"groups": ["*"]})"), HasSubstr("\"*\" stands among \"users\" only"));
}

TEST(ConfigAccess, KeepsAnAccountOnceThatIsNamedTwice) {
  EXPECT_THAT(admin(R"({"users": ["root", 0, 3]})").users, ElementsAre(0u, 3u));
}

TEST(ConfigAccess, RefusesAnUnknownNameWithPlaceAndRemedy) {
  EXPECT_EQ(refusal("{\"users\": [\n\"no such user\"]}"),
            "busbar.json:3: /admin/users/0: found \"no such user\", which is no user of this "
            "machine; create it, correct the name or give a number");
  EXPECT_THAT(refusal(R"({"groups": [4, "no such group"]})"),
              AllOf(StartsWith("busbar.json:2: /admin/groups/1: "), HasSubstr("no group")));
  EXPECT_THAT(refusal(R"({"users": [""]})"), HasSubstr("found \"\""));
  EXPECT_THAT(refusal(R"({"users": ["root\u0000x"]})"), HasSubstr("found \"root\\x00x\""));
}

TEST(ConfigAccess, SaysHowANumberIsGiven) {
  EXPECT_THAT(refusal(R"({"users": ["1000"]})"), HasSubstr("give a number without quotes"));
}

TEST(ConfigAccess, RefusesWhatStandsForManyOrForNobody) {
  const std::string overflow = std::to_string(overflow_user());
  EXPECT_THAT(refusal("{\"users\": [" + overflow + "]}"),
              AllOf(HasSubstr("the overflow user " + overflow), HasSubstr("never matches")));
  EXPECT_THAT(refusal("{\"groups\": [" + std::to_string(overflow_group()) + "]}"),
              HasSubstr("the overflow group"));
  EXPECT_THAT(refusal(R"({"users": [4294967295]})"), HasSubstr("from 0 to 4294967294"));
  EXPECT_THAT(refusal(R"({"users": [18446744073709551615]})"), HasSubstr("from 0 to 4294967294"));
}

TEST(ConfigAccess, RefusesTheOverflowUserByName) {
  const passwd* nobody = ::getpwuid(overflow_user());
  if (nobody == nullptr) GTEST_SKIP() << "the overflow user has no name here";
  EXPECT_THAT(refusal("{\"users\": [\"" + std::string(nobody->pw_name) + "\"]}"),
              HasSubstr("the overflow user"));
}

TEST(ConfigAccess, RefusesOtherValuesThanNamesAndNumbers) {
  for (const std::string value : {"true", "null", "[]", "{}", "-1", "1.5"}) {
    EXPECT_THAT(
        refusal("{\"users\": [" + value + "]}"),
        AllOf(HasSubstr("/admin/users/0: found "), HasSubstr("name or the number of a user")))
        << value;
  }
  EXPECT_THAT(refusal(R"({"users": "root"})"), HasSubstr("expected a list"));
  EXPECT_THAT(refusal(R"(["root"])"), HasSubstr("expected an object"));
  EXPECT_THAT(refusal(R"({"user": ["root"]})"), HasSubstr("did you mean \"users\"?"));
}

TEST(ConfigAccess, AllowsSixtyFourEntriesAList) {
  std::string entries = "1";
  for (int id = 2; id <= 64; ++id) entries += ", " + std::to_string(id);
  EXPECT_EQ(admin("{\"users\": [" + entries + "]}").users.size(), 64u);
  EXPECT_THAT(
      refusal("{\"users\": [" + entries + ", \"*\"]}"),
      HasSubstr("/admin/users: found 65 entries, expected 64 at most; make a group of them"));
}

TEST(ConfigAccess, ResolvesTheSocketsGroup) {
  EXPECT_EQ(parse_config(R"({"bus": {"socket_group": "root"}})", "f").socket_group, 0u);
  EXPECT_THROW(parse_config(R"({"bus": {"socket_group": "no such group"}})", "f"), Error);
}

}  // namespace
}  // namespace busbar::config
