#include "common/ring/holds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using ring::Holds;

class HoldsTest : public testing::Test {
 protected:
  TestRing channel;
  Holds holds{channel.ring, 0, 0};
  std::uint64_t cursor() const { return channel.ring.seats[0].cursor.load(); }
};

TEST_F(HoldsTest, EightAreHeldAndTheNinthHasNoPlace) {
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t place = holds.free_place();
    ASSERT_NE(place, Holds::kNone);
    holds.hold(place, i * 100, (i + 1) * 100);
  }
  EXPECT_EQ(holds.free_place(), Holds::kNone);
  EXPECT_FALSE(holds.let_go(5));
  EXPECT_EQ(holds.free_place(), 5u);
}

TEST_F(HoldsTest, CursorIsTheOldestHeldWhateverTheOrderOfRelease) {
  std::mt19937 random(99);
  std::uint64_t next = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> held;
    const std::size_t count = 1 + random() % 8;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t place = holds.free_place();
      ASSERT_NE(place, Holds::kNone);
      holds.hold(place, next, next + 40);
      held.emplace_back(place, next);
      next += 40;
    }
    std::shuffle(held.begin(), held.end(), random);
    while (!held.empty()) {
      const std::uint32_t place = held.back().first;
      held.pop_back();
      EXPECT_FALSE(holds.let_go(place));
      std::uint64_t expected = next;
      for (const auto& [other, position] : held) expected = std::min(expected, position);
      ASSERT_EQ(cursor(), expected);
    }
  }
}

TEST_F(HoldsTest, CursorStandsWhileMessagesAreHeldAndOthersPass) {
  holds.hold(holds.free_place(), 0, 40);
  holds.pass(80);
  holds.pass(120);
  EXPECT_EQ(cursor(), 0u);
  EXPECT_FALSE(holds.let_go(0));
  EXPECT_EQ(cursor(), 120u);
}

TEST_F(HoldsTest, PutsACursorRightThatSomebodyElseHasStored) {
  holds.pass(400);
  channel.ring.seats[0].cursor.store(1000);  // hostile
  holds.pass(500);
  EXPECT_EQ(cursor(), 500u);
}

TEST_F(HoldsTest, ClosingWithNothingHeldDisposesAtOnce) {
  EXPECT_TRUE(holds.close());
}

TEST_F(HoldsTest, ClosingWithHeldMessagesLeavesItToTheLastOne) {
  holds.hold(0, 0, 40);
  holds.hold(1, 40, 80);
  EXPECT_FALSE(holds.close());
  EXPECT_EQ(cursor(), 0u);
  EXPECT_FALSE(holds.let_go(0));
  EXPECT_EQ(cursor(), 40u);  // what it does not read any more gates nobody
  EXPECT_TRUE(holds.let_go(1));
}

TEST_F(HoldsTest, ClosedWithOneOldMessageGatesThereOnly) {
  holds.hold(3, 0, 40);
  holds.pass(4000);
  EXPECT_FALSE(holds.close());
  EXPECT_EQ(cursor(), 0u);
  EXPECT_TRUE(holds.let_go(3));
}

TEST_F(HoldsTest, DetachedLeavesTheCursorAlone) {
  holds.hold(0, 0, 40);
  holds.detach();
  EXPECT_FALSE(holds.let_go(0));
  holds.pass(400);
  EXPECT_EQ(cursor(), 0u);
  EXPECT_TRUE(holds.close());
}

TEST(HeldMessages, AreNotOverwritten) {
  TestRing channel;
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  publish(writer, 200, 1);
  ring::Record record;
  ASSERT_EQ(subscriber.reader().next(record), Outcome::ok);
  subscriber.holds().hold(0, record.position, record.end);
  for (std::uint32_t i = 0; i < 200; ++i) {
    publish(writer, 200, 2);
    subscriber.drain();
    ASSERT_EQ(first_wrong_byte(channel.ring, record.position, 200, 1), 200u);
  }
  EXPECT_EQ(publish(writer, 200, 2), Outcome::full);
  EXPECT_FALSE(subscriber.holds().let_go(0));
  EXPECT_EQ(publish(writer, 200, 2), Outcome::ok);
}

}  // namespace
}  // namespace busbar::test
