#include <gtest/gtest.h>

#include <vector>

#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using layout::SeatState;
using ring::JoinAt;
using ring::Record;
using ring::Room;

class Evict : public testing::TestWithParam<std::uint32_t> {
 protected:
  static ring::Settings settings() {
    ring::Settings settings = settings_with(GetParam(), 4096);
    settings.when_full = layout::WhenFull::evict;
    settings.block_timeout_ns = 3'600'000'000'000;
    return settings;
  }
  void SetUp() override { sync::register_membarrier(); }
  SeatState state(std::uint32_t seat) const { return channel.ring.seats[seat].word.load().state(); }
  std::uint64_t evicted() const { return channel.ring.control->channel.evicted.load(); }

  Outcome take(ring::Receiver& receiver) {
    std::uint32_t place = 0;
    const Outcome outcome = receiver.try_take(record, place);
    if (outcome == Outcome::ok) {
      EXPECT_FALSE(receiver.let_go(place));
    }
    return outcome;
  }

  TestRing channel{settings()};
  ring::Writer writer = channel.writer();
  Record record;
};
INSTANTIATE_TEST_SUITE_P(Publishers, Evict, testing::Values(1u, 3u));

TEST_P(Evict, TakesThePlaceOfWhoLagsACapacity) {
  auto receiver = channel.receiver(0);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, i), Outcome::ok);
  EXPECT_EQ(state(0), SeatState::evicted);
  EXPECT_EQ(evicted(), 1u);
  EXPECT_EQ(take(receiver), Outcome::evicted);
  EXPECT_EQ(take(receiver), Outcome::evicted);
}

TEST_P(Evict, LeavesThoseAloneWhoKeepUp) {
  auto quick = channel.receiver(0);
  channel.reader(1);  // reads nothing
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(publish(writer, 100, i), Outcome::ok);
    ASSERT_EQ(take(quick), Outcome::ok);
  }
  EXPECT_EQ(state(0), SeatState::reliable);
  EXPECT_EQ(state(1), SeatState::evicted);
}

TEST_P(Evict, LeavesWhatTheEvictedOneHoldsUntilItLetsGo) {
  auto receiver = channel.receiver(0);
  std::vector<std::pair<Record, std::uint32_t>> held(3);
  for (std::uint32_t i = 0; i < 3; ++i) publish(writer, 100, i);
  for (auto& [kept, place] : held) ASSERT_EQ(receiver.try_take(kept, place), Outcome::ok);
  for (std::uint32_t i = 0; i < 300; ++i) {
    ASSERT_EQ(publish(writer, 100, 50 + i), Outcome::ok);
    for (const auto& [kept, place] : held) {
      ASSERT_EQ(first_wrong_byte(channel.ring, kept.position, kept.size, kept.type), kept.size);
    }
  }
  EXPECT_EQ(take(receiver), Outcome::evicted);
  for (const auto& [kept, place] : held) EXPECT_FALSE(receiver.let_go(place));
  for (const auto& pin : channel.ring.seats[0].pin) EXPECT_EQ(pin.load(), 0u);
  EXPECT_TRUE(receiver.close());
}

TEST_P(Evict, IsToldBeforeThatTooManyAreHeld) {
  auto receiver = channel.receiver(0);
  std::uint32_t place = 0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    publish(writer, 8, i);
    ASSERT_EQ(receiver.try_take(record, place), Outcome::ok);
  }
  EXPECT_EQ(receiver.try_take(record, place), Outcome::too_many_held);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, i), Outcome::ok);
  EXPECT_EQ(receiver.try_take(record, place), Outcome::evicted);
  Outcome why = Outcome::ok;
  EXPECT_EQ(receiver.poll(1, why, [](const Record&) {}), 0);
  EXPECT_EQ(why, Outcome::evicted);
}

TEST_P(Evict, DoesNotAnswerAnOpenClaimOrAHeldMessage) {
  channel.reader(0);
  const Room open = must_claim(writer, 100);
  while (publish(writer, 100, 1) == Outcome::ok) {
  }
  EXPECT_EQ(state(0), SeatState::reliable) << "it would not have made room";
  writer.abort(open);
  EXPECT_EQ(publish(writer, 100, 1), Outcome::ok);
  EXPECT_EQ(state(0), SeatState::evicted);
}

TEST_P(Evict, DoesNotHitAReaderThatPollsAlong) {
  auto receiver = channel.receiver(0);
  for (std::uint32_t i = 0; i < 10; ++i) publish(writer, 100, i);
  Outcome why = Outcome::ok;
  std::uint32_t next = 10;
  EXPECT_EQ(receiver.poll(500, why, [&](const Record&) { publish(writer, 100, next++); }), 500);
  EXPECT_EQ(state(0), SeatState::reliable);
}

TEST_P(Evict, DoesNotCountASubscriberThatLeftAndHoldsOn) {
  auto receiver = channel.receiver(0);
  publish(writer, 100, 1);
  std::uint32_t place = 0;
  ASSERT_EQ(receiver.try_take(record, place), Outcome::ok);
  EXPECT_FALSE(receiver.close());
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, i), Outcome::ok);
  EXPECT_EQ(evicted(), 0u);
  EXPECT_TRUE(receiver.let_go(place));
}

// The skip is nearly a lap long, and the claim behind it stays open.
TEST_P(Evict, LeavesAReaderAloneThatHasOnlyASkipToStepOver) {
  auto holder = channel.receiver(0);
  auto drained = channel.receiver(1);
  publish(writer, 1000, 1);  // [0, 1016), to be held
  std::uint32_t place = 0;
  ASSERT_EQ(holder.try_take(record, place), Outcome::ok);
  ASSERT_EQ(take(drained), Outcome::ok);
  for (std::uint32_t i = 0; channel.ring.control->publishers.claimed.load() < 4096 - 200; ++i) {
    publish(writer, 8, i);
    take(holder);
    take(drained);
  }
  ring::Room room;
  Outcome outcome = Outcome::ok;
  std::vector<Room> open;
  // Behind the held message, and on nearly to the skip.
  while ((outcome = writer.try_claim(1000, room)) == Outcome::ok) {
    open.push_back(room);
    ASSERT_EQ(state(1), SeatState::reliable);
    if (open.size() > 4) break;
  }
  EXPECT_EQ(outcome, Outcome::full);
  EXPECT_EQ(state(1), SeatState::reliable);
  EXPECT_EQ(take(drained), Outcome::empty);  // it has stepped over
  for (const Room& claim : open) writer.abort(claim);
}

// It may sleep in front of an open claim, or wait in poll().
TEST_P(Evict, RingsWhomItHits) {
  channel.receiver(0);
  channel.receiver(1);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, i), Outcome::ok);
  EXPECT_EQ(channel.ring.seats[0].bell.token.load(), 1u);
  EXPECT_EQ(channel.ring.seats[1].bell.token.load(), 1u);
  EXPECT_EQ(channel.ring.seats[2].bell.token.load(), 0u);
}

TEST_P(Evict, OfALossySeatDoesNotHappen) {
  auto receiver = channel.receiver(0, JoinAt::oldest, ring::SeatKind::lossy);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, i), Outcome::ok);
  EXPECT_EQ(evicted(), 0u);
  EXPECT_EQ(take(receiver), Outcome::overrun);
}

}  // namespace
}  // namespace busbar::test
