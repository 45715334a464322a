// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <busbar/busbar.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/ring/asleep.hpp"
#include "tests/support/test_broker.hpp"

// Waiting without receiving, and the policies by which publishers and subscribers wait.

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours kForever{1};

class Wait : public testing::Test {
 protected:
  TestBroker broker;
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("a");
  Subscriber subscriber = bus.subscriber("a");

  int drain() {
    return subscriber.poll([](const Message&) {}, 256);
  }
};

TEST_F(Wait, SaysOkAndTakesNothing) {
  publisher.publish({});
  EXPECT_EQ(subscriber.wait(), Outcome::ok);
  EXPECT_EQ(subscriber.wait(kPatience), Outcome::ok);
  EXPECT_EQ(drain(), 1);
}

TEST_F(Wait, IsWokenByACommit) {
  for (const WaitPolicy policy : {WaitPolicy::latency, WaitPolicy::balanced, WaitPolicy::power}) {
    auto waiting = bus.subscriber("a", {.wait = policy});
    Outcome outcome = Outcome::empty;
    Sleeper sleeper([&] { outcome = waiting.wait(); });
    ASSERT_TRUE(sleeper.wait_until_asleep()) << to_string(policy);
    publisher.publish({});
    EXPECT_TRUE(sleeper.was_woken());
    EXPECT_EQ(outcome, Outcome::ok);
  }
}

TEST_F(Wait, EndsWithItsTimeLimit) {
  for (const WaitPolicy policy : {WaitPolicy::latency, WaitPolicy::balanced, WaitPolicy::power}) {
    auto waiting = bus.subscriber("a", {.wait = policy});
    EXPECT_EQ(waiting.wait(1us), Outcome::timeout) << to_string(policy);
    EXPECT_EQ(waiting.wait(0ns), Outcome::timeout) << to_string(policy);
  }
}

TEST_F(Wait, IsInterruptedOnceWhetherItSleepsOrNot) {
  subscriber.interrupt();
  EXPECT_EQ(subscriber.wait(), Outcome::interrupted);
  Outcome outcome = Outcome::empty;
  Sleeper sleeper([&] { outcome = subscriber.wait(); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  subscriber.interrupt();
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(outcome, Outcome::interrupted);
  EXPECT_EQ(subscriber.wait(0ns), Outcome::timeout);
}

TEST_F(Wait, SaysOkInFrontOfTheEndOfAStreamAndWaitsBehindIt) {
  ASSERT_EQ(publisher.end(), Outcome::ok);
  EXPECT_EQ(subscriber.wait(), Outcome::ok);
  EXPECT_EQ(drain(), 0);
  EXPECT_EQ(subscriber.poll_outcome(), Outcome::ended);
  EXPECT_EQ(subscriber.wait(0ns), Outcome::timeout);
}

TEST_F(Wait, SaysClosedBehindAllThatIsThere) {
  publisher.publish({});
  bus.remove("a", true);
  EXPECT_EQ(subscriber.wait(), Outcome::ok);
  EXPECT_EQ(drain(), 1);
  EXPECT_EQ(subscriber.wait(), Outcome::closed);
}

TEST_F(Wait, LetsALossySeatPollThatHasBeenLapped) {
  bus.create("small", {.capacity = 4096});
  auto fast = bus.publisher("small");
  auto tap = bus.subscriber("small", {.delivery = Delivery::lossy});
  for (int i = 0; i < 1000; ++i) fast.publish(std::vector<std::byte>(64));
  EXPECT_EQ(tap.wait(), Outcome::ok);
  EXPECT_EQ(tap.poll([](const Message&) {}, 256), 0);
  EXPECT_EQ(tap.poll_outcome(), Outcome::overrun);
}

TEST_F(Wait, EndsTheLoopOfASeatThatWasEvicted) {
  bus.create("strict", {.capacity = 4096, .when_full = WhenFull::evict});
  auto fast = bus.publisher("strict");
  auto slow = bus.subscriber("strict");
  for (int i = 0; i < 1000; ++i) fast.publish(std::vector<std::byte>(64));
  int rounds = 0;
  Outcome outcome = Outcome::ok;
  while ((outcome = slow.wait()) == Outcome::ok && rounds < 100) {
    slow.poll([](const Message&) {}, 256);
    ++rounds;
  }
  EXPECT_EQ(outcome, Outcome::evicted);
}

TEST_F(Wait, TellsOfTooManyHeldWhereAPollNeedsAPlace) {
  auto tap = bus.subscriber("a", {.delivery = Delivery::lossy});
  std::vector<Message> held;
  for (int i = 0; i < 8; ++i) {
    publisher.publish({});
    held.push_back(tap.receive(kPatience));
    drain();
  }
  EXPECT_EQ(tap.wait(kPatience), Outcome::too_many_held);
  held.clear();
  EXPECT_EQ(tap.wait(0ns), Outcome::timeout);
}

TEST_F(Wait, IsForPollersWhereAReliableSeatHoldsEight) {
  std::vector<Message> held;
  for (int i = 0; i < 8; ++i) {
    publisher.publish({});
    held.push_back(subscriber.receive(kPatience));
  }
  EXPECT_EQ(subscriber.wait(0ns), Outcome::timeout);
  publisher.publish({});
  EXPECT_EQ(subscriber.wait(kPatience), Outcome::ok);
  EXPECT_EQ(drain(), 1);
}

TEST_F(Wait, IsMisuseInsideACallbackOfPoll) {
  publisher.publish({});
  const auto wait_inside = [&](const Message&) { subscriber.wait(); };
  EXPECT_THROW(subscriber.poll(wait_inside, 1), Error);
}

TEST_F(Wait, LetsAPublisherWaitForRoomByEachPolicy) {
  bus.create("small", {.capacity = 4096, .block_timeout = kForever});
  for (const WaitPolicy policy : {WaitPolicy::latency, WaitPolicy::balanced, WaitPolicy::power}) {
    auto slow = bus.subscriber("small");
    auto fast = bus.publisher("small", {.wait = policy});
    const std::vector<std::byte> message(512);
    while (fast.try_publish(message) == Outcome::ok) continue;
    Outcome outcome = Outcome::empty;
    Sleeper sleeper([&] { outcome = fast.publish(message); });
    ASSERT_TRUE(sleeper.wait_until_asleep()) << to_string(policy);
    slow.poll([](const Message&) {}, 1);
    EXPECT_TRUE(sleeper.was_woken()) << to_string(policy);
    EXPECT_EQ(outcome, Outcome::ok);
  }
}

constexpr int kWaits = 20;

/// How many of some waits of a millisecond slept: by balance all do, by latency some do not,
/// however busy the machine is (the first one spins, or loses its time to others), by power some
/// do.
int waits_that_slept(const std::function<Outcome()>& wait) {
  int count = 0;
  for (int i = 0; i < kWaits; ++i) {
    rusage before{};
    rusage after{};
    ::getrusage(RUSAGE_THREAD, &before);
    EXPECT_EQ(wait(), Outcome::timeout);
    ::getrusage(RUSAGE_THREAD, &after);
    if (after.ru_nvcsw != before.ru_nvcsw) ++count;
  }
  return count;
}

int waits_that_slept(Subscriber& subscriber) {
  return waits_that_slept([&] { return subscriber.wait(1ms); });
}

int waits_that_slept(Publisher& publisher) {
  return waits_that_slept([&] { return publisher.publish({}); });
}

TEST_F(Wait, GoesByThePolicyOfTheSubscriberElseOfItsBus) {
  auto hasty = Bus::connect({.socket = broker.socket(), .wait = WaitPolicy::latency});
  auto of_bus = hasty.subscriber("a");
  auto own = hasty.subscriber("a", {.wait = WaitPolicy::power});
  EXPECT_LT(waits_that_slept(of_bus), kWaits);
  EXPECT_GT(waits_that_slept(own), 0);
}

TEST_F(Wait, ForRoomGoesByThePolicyOfThePublisherElseOfItsBus) {
  bus.create("small", {.capacity = 4096, .block_timeout = 1ms, .max_publishers = 2});
  auto hasty = Bus::connect({.socket = broker.socket(), .wait = WaitPolicy::latency});
  auto of_bus = hasty.publisher("small");
  auto own = hasty.publisher("small", {.wait = WaitPolicy::power});
  auto slow = bus.subscriber("small");
  while (own.try_publish({}) == Outcome::ok) continue;
  EXPECT_LT(waits_that_slept(of_bus), kWaits);
  EXPECT_GT(waits_that_slept(own), 0);
}

/// $BUSBAR_WAIT for the time of a test.
class WaitVariable {
 public:
  explicit WaitVariable(const char* value) { ::setenv("BUSBAR_WAIT", value, 1); }
  WaitVariable(const WaitVariable&) = delete;
  WaitVariable& operator=(const WaitVariable&) = delete;
  ~WaitVariable() { ::unsetenv("BUSBAR_WAIT"); }
};

TEST(WaitVariable, IsRefusedWithWhatIsAllowedIfItIsNoPolicy) {
  TestBroker broker;
  const WaitVariable variable("fast");
  try {
    broker.connect();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_argument);
    EXPECT_STREQ(error.what(),
                 "BUSBAR_WAIT is \"fast\", which is no wait policy: latency, balanced or power");
  }
}

TEST(WaitVariable, IsNotLookedAtByWhoSaysAPolicy) {
  TestBroker broker;
  const WaitVariable variable("fast");
  EXPECT_NO_THROW(Bus::connect({.socket = broker.socket(), .wait = WaitPolicy::power}));
}

TEST(WaitVariable, MayBeEmpty) {
  TestBroker broker;
  const WaitVariable variable("");
  EXPECT_NO_THROW(broker.connect());
}

TEST(WaitVariable, IsThePolicyOfWhoSaysNone) {
  TestBroker broker;
  for (const std::string value : {"latency", "power"}) {
    const WaitVariable variable(value.c_str());
    auto bus = broker.connect();
    auto subscriber = bus.subscriber("a");
    const int slept = waits_that_slept(subscriber);
    EXPECT_TRUE(value == "power" ? slept > 0 : slept < kWaits) << value << ": " << slept;
  }
}

}  // namespace
}  // namespace busbar::test
