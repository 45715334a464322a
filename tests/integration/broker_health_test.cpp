#include <gtest/gtest.h>

#include <busbar/bus.hpp>
#include <chrono>

#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

TEST(BrokerHealth, TellsHowLongItsLoopKeptClientsWaiting) {
  const TestBroker broker;
  Bus bus = broker.connect();
  const BrokerInfo first = bus.broker();
  const BrokerInfo second = bus.broker();
  EXPECT_GT(first.loop_turns, 0u);
  EXPECT_GT(second.loop_turns, first.loop_turns);
  EXPECT_GT(second.loop_max, 0us);
  EXPECT_LE(second.loop_p99, second.loop_max);
}

TEST(BrokerHealth, TellsWhatItsProcessUses) {
  const TestBroker broker;
  Bus bus = broker.connect();
  const BrokerInfo alone = bus.broker();
  EXPECT_GT(alone.resident, 1u << 20);
  EXPECT_LT(alone.resident, 1u << 30);
  const Bus other = broker.connect();
  const BrokerInfo both = bus.broker();
  if (alone.descriptors != 0) {  // its socket and its pidfd
    EXPECT_EQ(both.descriptors, alone.descriptors + 2);
  }
  EXPECT_GE(both.uptime, alone.uptime);
}

}  // namespace
}  // namespace busbar::test
