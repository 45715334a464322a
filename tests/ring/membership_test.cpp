#include "common/ring/membership.hpp"

#include <gtest/gtest.h>

#include "common/ring/wake.hpp"
#include "tests/ring/asleep.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

TEST(Membership, AGrantedSeatHasNothingOfItsLastHolder) {
  TestRing channel;
  auto& seat = channel.ring.seats[3];
  for (auto& pin : seat.pin) pin.store(5);
  seat.lost.store(9);
  seat.bell.token.store(1);
  const std::uint32_t epoch = seat.word.load().epoch();
  ring::grant_seat(channel.ring, 3, {1, 2, 3, 4});
  for (auto& pin : seat.pin) EXPECT_EQ(pin.load(), 0u);
  EXPECT_EQ(seat.lost.load(), 0u);
  EXPECT_EQ(seat.bell.token.load(), 0u);
  EXPECT_EQ(seat.word.load().epoch(), epoch + 1);
  EXPECT_EQ(seat.word.load().state(), layout::SeatState::reserved);
  EXPECT_EQ(seat.session.load(), 1u);
  EXPECT_EQ(seat.pid.load(), 2u);
  EXPECT_EQ(seat.start_time.load(), 3u);
  EXPECT_EQ(seat.pid_namespace.load(), 4u);
}

TEST(Membership, AReapedSeatIsFreeAndCountsNowhere) {
  ring::Settings settings;
  settings.max_subscribers = 256;
  TestRing channel(settings);
  Subscriber subscriber(channel, 200);
  channel.ring.seats_control->sleepers[3].store(~std::uint64_t{0});
  for (auto& pin : channel.ring.seats[200].pin) pin.store(5);
  ring::reap_seat(channel.ring, 200);
  EXPECT_EQ(channel.ring.seats[200].word.load().state(), layout::SeatState::free);
  EXPECT_EQ(channel.ring.seats[200].pid.load(), 0u);
  EXPECT_EQ(channel.ring.seats_control->active[3].load(), 0u);
  for (const auto& pin : channel.ring.seats[200].pin) EXPECT_EQ(pin.load(), 0u);
  EXPECT_EQ(channel.ring.seats_control->sleepers[3].load(), ~(std::uint64_t{1} << (200 % 64)));
}

TEST(Membership, LeftPlacesSaySo) {
  TestRing channel(settings_with(2));
  channel.writer(1);
  Subscriber subscriber(channel, 4);
  EXPECT_FALSE(ring::slot_left(channel.ring, 1));
  EXPECT_FALSE(ring::seat_left(channel.ring, 4));
  ring::leave_slot(channel.ring, 1);
  ring::leave_seat(channel.ring, 4);
  EXPECT_TRUE(ring::slot_left(channel.ring, 1));
  EXPECT_TRUE(ring::seat_left(channel.ring, 4));
}

TEST(Membership, CountsAreWhatTheyAreCalled) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(0);
  Subscriber subscriber(channel, 1);
  publish(writer, 8, 0);
  must_claim(writer, 24);
  const auto counts = ring::channel_counts(channel.ring);
  EXPECT_EQ(counts.claimed, 64u);
  EXPECT_EQ(counts.tail, 0u);
  EXPECT_EQ(counts.sequence, 2u);
  EXPECT_EQ(ring::slot_counts(channel.ring, 0).open_bytes, 40u);
  EXPECT_EQ(ring::slot_counts(channel.ring, 1).open_bytes, 0u);
  EXPECT_EQ(ring::seat_counts(channel.ring, 1).lag_bytes, 64u);
  EXPECT_EQ(ring::seat_counts(channel.ring, 1).state, layout::SeatState::reliable);
  subscriber.drain();
  EXPECT_EQ(ring::seat_counts(channel.ring, 1).lag_bytes, 40u);
}

TEST(Membership, CountsOfHostileValuesDoNotWrap) {
  TestRing channel(settings_with(2));
  channel.ring.seats[0].cursor.store(~std::uint64_t{0});
  channel.ring.slots[0].oldest_claim.store(~std::uint64_t{0} - 8);
  EXPECT_EQ(ring::seat_counts(channel.ring, 0).lag_bytes, 0u);
  EXPECT_EQ(ring::slot_counts(channel.ring, 0).open_bytes, 0u);
}

TEST(ClosedChannel, IsClosedForReadersBehindWhatWasCommitted) {
  TestRing channel;
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  publish(writer, 8, 1);
  ring::close_channel(channel.ring);
  ring::Interrupt interrupt;
  EXPECT_EQ(subscriber.reader().await(Deadline::never(), interrupt), Outcome::ok);
  EXPECT_EQ(subscriber.drain(), Types{1});
  EXPECT_EQ(subscriber.reader().await(Deadline::never(), interrupt), Outcome::closed);
}

TEST(ClosedChannel, WakesASleepingReader) {
  sync::register_membarrier();
  TestRing channel;
  Subscriber subscriber(channel, 0);
  Outcome outcome = Outcome::empty;
  ring::Interrupt interrupt;
  Sleeper sleeper([&] { outcome = subscriber.reader().await(Deadline::never(), interrupt); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  ring::close_channel(channel.ring);
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(outcome, Outcome::closed);
}

TEST(ClosedChannel, IsClosedForAPublisherThatIsNeverFullToo) {
  for (const std::uint32_t publishers : {1u, 2u}) {
    TestRing channel(settings_with(publishers));
    auto writer = channel.writer();
    ring::close_channel(channel.ring);
    Outcome outcome = Outcome::ok;
    // Within a lap at most: it need not look at every claim.
    for (int i = 0; i < 100 && outcome == Outcome::ok; ++i) outcome = publish(writer, 100, 0);
    EXPECT_EQ(outcome, Outcome::closed);
  }
}

}  // namespace
}  // namespace busbar::test
