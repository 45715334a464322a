#include "common/ring/join.hpp"

#include <gtest/gtest.h>

#include "common/base/error.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

class Joining : public testing::TestWithParam<std::uint32_t> {};

INSTANTIATE_TEST_SUITE_P(OneOrSeveral, Joining, testing::Values(1u, 2u),
                         [](const auto& about) { return about.param == 1 ? "one" : "several"; });

TEST_P(Joining, NowGetsOnlyWhatIsPublishedAfterwards) {
  TestRing channel(settings_with(GetParam()));
  auto writer = channel.writer();
  for (std::uint32_t i = 0; i < 5; ++i) publish(writer, 10, i);
  Subscriber subscriber(channel, 0, ring::JoinAt::now);
  EXPECT_EQ(subscriber.drain(), Types{});
  publish(writer, 10, 5);
  ring::Record record;
  ASSERT_EQ(subscriber.next(record), Outcome::ok);
  EXPECT_EQ(record.type, 5u);
  EXPECT_EQ(record.sequence, 5u);
}

TEST_P(Joining, OldestGetsWhatIsStillThere) {
  TestRing channel(settings_with(GetParam()));
  auto writer = channel.writer();
  for (std::uint32_t i = 0; i < 5; ++i) publish(writer, 10, i);
  EXPECT_EQ(Subscriber(channel, 0).drain(), (Types{0, 1, 2, 3, 4}));
}

TEST_P(Joining, OldestFindsAChainOfRecordsAfterAnyHistory) {
  TestRing channel(settings_with(GetParam()));
  auto writer = channel.writer();
  for (std::uint32_t i = 0; i < 3000; ++i) {
    if (i % 5 == 3) {
      writer.abort(must_claim(writer, i % 300));
      continue;
    }
    ASSERT_EQ(publish(writer, i % 400, i), Outcome::ok);
    Subscriber subscriber(channel, i % 8);
    ring::Record record;
    std::uint32_t expected = 0;
    while (subscriber.next(record) == Outcome::ok) {
      ASSERT_EQ(record.sequence, record.type);
      ASSERT_GE(record.type, expected);
      ASSERT_LE(record.type - (expected == 0 ? record.type : expected), 1u);
      expected = record.type + 1;
    }
    ASSERT_EQ(expected, i + 1);
    subscriber.leave();
  }
}

TEST_P(Joining, GatesFromTheBoundaryThatItReturns) {
  TestRing channel(settings_with(GetParam()));
  auto writer = channel.writer();
  for (std::uint32_t i = 0; i < 1000; ++i) publish(writer, 100, i);
  Subscriber subscriber(channel, 0);
  publish_until_full(writer, 100, 1000);
  const Types all = subscriber.drain();
  ASSERT_FALSE(all.empty());
  for (std::size_t i = 1; i < all.size(); ++i) ASSERT_EQ(all[i], all[i - 1] + 1);
}

TEST_P(Joining, ASeatThatLeftAndCameBackStartsAnew) {
  TestRing channel(settings_with(GetParam()));
  auto writer = channel.writer();
  {
    Subscriber subscriber(channel, 0);
    publish(writer, 10, 1);
    subscriber.drain();
    subscriber.leave();
  }
  for (std::uint32_t i = 0; i < 100; ++i) publish(writer, 1000, i);
  Subscriber subscriber(channel, 0, ring::JoinAt::now);
  publish(writer, 10, 7);
  EXPECT_EQ(subscriber.drain(), Types{7});
}

TEST(JoiningASoloRing, NowStartsBehindTheFinishedPrefix) {
  TestRing channel;
  auto writer = channel.writer();
  const ring::Room open = must_claim(writer, 10);
  fill(channel.ring, open, 1);
  publish(writer, 10, 2);
  Subscriber subscriber(channel, 0, ring::JoinAt::now);
  EXPECT_EQ(subscriber.drain(), Types{});
  writer.commit(open, 10, 1);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2}));
}

TEST(JoiningASharedRing, NowBeginsWithTheOldestClaimThatIsStillOpen) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer();
  const ring::Room open = must_claim(writer, 10);
  fill(channel.ring, open, 1);
  Subscriber subscriber(channel, 0, ring::JoinAt::now);
  publish(writer, 10, 2);
  writer.commit(open, 10, 1);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2}));
}

TEST(Join, GivesUpOnATailThatNeverRests) {
  TestRing channel;
  // Where a hostile publisher puts the tail beyond everything, `now` never gets there.
  ring::store_tail(channel.ring, {~std::uint64_t{0} - 4096, 0});
  ring::grant_seat(channel.ring, 0, {});
  EXPECT_THROW(ring::join(channel.ring, 0, ring::JoinAt::now), Error);
  EXPECT_EQ(channel.ring.seats_control->active[0].load(), 0u);
  EXPECT_FALSE(ring::seat_left(channel.ring, 0)) << "the caller leaves it, once";
}

}  // namespace
}  // namespace busbar::test
