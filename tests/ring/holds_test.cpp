#include "common/ring/holds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "common/layout/pin.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using layout::Pin;
using ring::Holds;

constexpr std::uint64_t kCursorOfNobody = ~std::uint64_t{0};

/// Records of 40 bytes, one behind the other, are taken as a subscriber takes them.
class HoldsTest : public testing::Test {
 protected:
  std::uint64_t cursor() const { return channel.ring.seats[0].cursor.load(); }
  Pin pin(std::uint32_t place) const { return Pin(channel.ring.seats[0].pin[place].load()); }

  std::uint32_t take() {
    holds.pin_current();
    const std::uint32_t place = holds.free_place();
    EXPECT_NE(place, Holds::kNone);
    channel.ring.record(next_).word.store(
        layout::Word(layout::RecordState::committed, 40, 0).bits());
    holds.hold(place, next_, next_ + 40);
    next_ += 40;
    return place;
  }
  std::uint64_t next() const { return next_; }

  TestRing channel;
  Holds holds{channel.ring, 0, 0};

 private:
  std::uint64_t next_ = 0;
};

TEST_F(HoldsTest, EightAreHeldAndTheNinthHasNoPlace) {
  for (int i = 0; i < 8; ++i) take();
  EXPECT_EQ(holds.free_place(), Holds::kNone);
  EXPECT_FALSE(holds.let_go(5));
  EXPECT_EQ(holds.free_place(), 5u);
}

TEST_F(HoldsTest, TheLastOneIsKeptByTheCursorAndHasNoPin) {
  take();
  EXPECT_EQ(cursor(), 0u);
  EXPECT_EQ(pin(0).bits(), 0u);
  EXPECT_FALSE(holds.let_go(0));
  EXPECT_EQ(cursor(), 40u);
}

TEST_F(HoldsTest, TheOneBeforeTheLastIsPinnedAndTheCursorMovesOn) {
  take();
  take();
  EXPECT_EQ(cursor(), 40u);
  EXPECT_EQ(pin(0).offset(), 0u);
  EXPECT_EQ(pin(0).bytes(channel.ring.capacity), 40u);
  EXPECT_EQ(pin(1).bits(), 0u);
}

TEST_F(HoldsTest, PinsAndCursorAreRightWhateverTheOrderOfRelease) {
  std::mt19937 random(99);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> held;
    const std::size_t count = 1 + random() % 8;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t position = next();
      held.emplace_back(take(), position);
    }
    const std::uint64_t last = held.back().second;
    std::shuffle(held.begin(), held.end(), random);
    while (!held.empty()) {
      const std::uint32_t released = held.back().first;
      held.pop_back();
      EXPECT_FALSE(holds.let_go(released));
      ASSERT_EQ(pin(released).bits(), 0u);
      bool last_is_held = false;
      for (const auto& [place, position] : held) {
        if (position == last) {
          last_is_held = true;
        } else {
          ASSERT_EQ(pin(place).offset(), position % channel.ring.capacity);
        }
      }
      ASSERT_EQ(cursor(), last_is_held ? last : next());
    }
  }
}

TEST_F(HoldsTest, CursorStandsWhileTheLastOneIsHeldAndOthersPass) {
  take();
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

TEST_F(HoldsTest, ClosedWithHeldMessagesGatesNobodyAndLeavesItToTheLastOne) {
  take();
  take();
  EXPECT_FALSE(holds.close());
  EXPECT_EQ(cursor(), kCursorOfNobody);
  EXPECT_EQ(pin(0).offset(), 0u);
  EXPECT_EQ(pin(1).offset(), 40u);
  EXPECT_FALSE(holds.let_go(0));
  EXPECT_TRUE(holds.let_go(1));
  EXPECT_EQ(cursor(), kCursorOfNobody);
}

TEST_F(HoldsTest, DetachedLeavesTheSeatAlone) {
  take();
  take();
  holds.detach();
  EXPECT_FALSE(holds.let_go(0));
  EXPECT_FALSE(holds.let_go(1));
  holds.pass(400);
  EXPECT_EQ(cursor(), 40u);
  EXPECT_EQ(pin(0).offset(), 0u);
  EXPECT_TRUE(holds.close());
  EXPECT_EQ(cursor(), 40u);
}

}  // namespace
}  // namespace busbar::test
