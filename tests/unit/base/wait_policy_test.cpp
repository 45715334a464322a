// SPDX-License-Identifier: Apache-2.0
#include "common/base/wait_policy.hpp"

#include <gtest/gtest.h>

namespace busbar::test {
namespace {

TEST(WaitPolicy, IsReadAsItIsWritten) {
  for (const WaitPolicy policy : {WaitPolicy::latency, WaitPolicy::balanced, WaitPolicy::power}) {
    EXPECT_EQ(parse_wait_policy(to_string(policy)), policy) << to_string(policy);
  }
}

TEST(WaitPolicy, IsNoOtherWord) {
  for (const char* name : {"", "Power", "power ", "spin"}) {
    EXPECT_EQ(parse_wait_policy(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace busbar::test
