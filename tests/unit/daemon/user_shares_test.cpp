#include "daemon/user_shares.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kOwn = 990, kAlice = 1001, kBob = 1002;

class UserSharesTest : public ::testing::Test {
 protected:
  std::string refusal(uid_t user, std::uint64_t bytes) {
    try {
      kept.push_back(shares.add_channel(user, "quotes", bytes));
      return "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.errc(), Errc::limit);
      return error.what();
    }
  }

  UserShares shares{kOwn, {.memory = 1000, .clients = 2, .channels = 3}};
  std::vector<UserShares::Portion> kept;
};

TEST_F(UserSharesTest, AreOfOneUserEach) {
  EXPECT_EQ(refusal(kAlice, 1000), "accepted");
  EXPECT_THAT(refusal(kAlice, 1), HasSubstr("raise limits.per_user.memory"));
  EXPECT_EQ(refusal(kBob, 1000), "accepted");
}

TEST_F(UserSharesTest, ComeBackWithTheChannel) {
  refusal(kAlice, 1000);
  kept.clear();
  EXPECT_EQ(shares.use(kAlice).memory, 0u);
  EXPECT_EQ(shares.use(kAlice).channels, 0u);
  EXPECT_EQ(refusal(kAlice, 1000), "accepted");
}

TEST_F(UserSharesTest, CountChannels) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(refusal(kAlice, 1), "accepted");
  EXPECT_THAT(refusal(kAlice, 1), HasSubstr("uid 1001 has created 3 channels"));
}

TEST_F(UserSharesTest, DoNotOverflow) {
  refusal(kAlice, 1);
  EXPECT_THAT(refusal(kAlice, ~std::uint64_t{0}), HasSubstr("limits.per_user.memory"));
}

TEST_F(UserSharesTest, LetThoseInAgainWhoAreMoreThanALoweredLimitAllows) {
  std::vector<UserShares::Portion> sessions;
  for (int i = 0; i < 100; ++i) {
    sessions.push_back(shares.add_session(kAlice));
    sessions.back().set_welcomed();
  }
  EXPECT_FALSE(shares.crowds(kAlice));
  sessions.resize(0);
  for (int i = 0; i < 100; ++i) sessions.push_back(shares.add_session(kAlice));
  EXPECT_TRUE(shares.crowds(kAlice));
}

TEST_F(UserSharesTest, BindNeitherTheBrokersUserNorRoot) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(refusal(kOwn, 5000), "accepted");
    EXPECT_EQ(refusal(0, 5000), "accepted");
    kept.push_back(shares.add_session(kOwn));
  }
  EXPECT_NO_THROW(shares.check_clients(kOwn));
  EXPECT_FALSE(shares.crowds(kOwn));
}

TEST_F(UserSharesTest, TellTheClientThatIsOneTooMany) {
  for (int i = 0; i < 2; ++i) kept.push_back(shares.add_session(kAlice));
  EXPECT_NO_THROW(shares.check_clients(kAlice));
  kept.push_back(shares.add_session(kAlice));
  EXPECT_THROW(shares.check_clients(kAlice), Error);
  EXPECT_NO_THROW(shares.check_clients(kBob));
  kept.pop_back();
  EXPECT_NO_THROW(shares.check_clients(kAlice));
}

TEST_F(UserSharesTest, EndThePatienceWithACrowd) {
  for (int i = 0; i < 9; ++i) kept.push_back(shares.add_session(kAlice));
  EXPECT_FALSE(shares.crowds(kAlice));
  kept.push_back(shares.add_session(kAlice));
  EXPECT_TRUE(shares.crowds(kAlice));
  EXPECT_FALSE(shares.crowds(kBob));
}

TEST_F(UserSharesTest, StayWithWhoHasMoreWhenTheyAreLowered) {
  refusal(kAlice, 900);
  shares.set_most({.memory = 100, .clients = 2, .channels = 3});
  EXPECT_EQ(shares.use(kAlice).memory, 900u);
  EXPECT_THAT(refusal(kAlice, 1), HasSubstr("limits.per_user.memory"));
}

}  // namespace
}  // namespace busbar::daemon
