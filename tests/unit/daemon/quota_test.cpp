#include "daemon/quota.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace busbar::daemon {
namespace {

TEST(Quota, GivesBackWhatAChargeTookWhenItEnds) {
  Quota quota(100);
  {
    const auto charge = quota.charge(60);
    ASSERT_TRUE(charge);
    EXPECT_EQ(quota.left(), 40u);
  }
  EXPECT_EQ(quota.used(), 0u);
}

TEST(Quota, RefusesMoreThanIsLeft) {
  Quota quota(100);
  const auto charge = quota.charge(60);
  EXPECT_FALSE(quota.charge(41));
  EXPECT_FALSE(quota.charge(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(quota.charge(40));
}

TEST(Quota, CountsAMovedChargeOnce) {
  Quota quota(100);
  auto first = quota.charge(60);
  Quota::Charge second = std::move(*first);
  first.reset();
  EXPECT_EQ(quota.used(), 60u);
  second = Quota::Charge();
  EXPECT_EQ(quota.used(), 0u);
}

}  // namespace
}  // namespace busbar::daemon
