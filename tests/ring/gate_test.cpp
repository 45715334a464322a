#include "common/ring/gate.hpp"

#include <gtest/gtest.h>

#include "tests/ring/asleep.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using ring::Room;

class Gate : public testing::TestWithParam<std::uint32_t> {
 protected:
  ring::Settings settings() const { return settings_with(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(OneOrSeveral, Gate, testing::Values(1u, 3u),
                         [](const auto& about) { return about.param == 1 ? "one" : "several"; });

TEST_P(Gate, IsOpenWhenNobodySubscribes) {
  TestRing channel(settings());
  auto writer = channel.writer();
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(publish(writer, i % 1000, i), Outcome::ok);
}

TEST_P(Gate, IsTheSlowestReader) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber fast(channel, 0);
  Subscriber slow(channel, 7);
  const std::uint32_t count = publish_until_full(writer, 100);
  EXPECT_EQ(fast.drain().size(), count);
  EXPECT_EQ(publish(writer, 100, 0), Outcome::full);
  ring::Record record;
  ASSERT_EQ(slow.next(record), Outcome::ok);
  EXPECT_EQ(record.type, 0u);
  EXPECT_EQ(publish(writer, 100, count), Outcome::ok);
  EXPECT_EQ(publish(writer, 100, 0), Outcome::full);
  EXPECT_EQ(slow.drain().size(), count);
}

TEST_P(Gate, OpensWhenTheSlowReaderLeaves) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber slow(channel, 0);
  publish_until_full(writer, 100);
  ring::leave_seat(channel.ring, 0);
  EXPECT_EQ(publish(writer, 100, 0), Outcome::ok);
}

TEST_P(Gate, OpensWhenTheSlowReaderIsReaped) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber slow(channel, 0);
  publish_until_full(writer, 100);
  ring::reap_seat(channel.ring, 0);  // died: it has not left by itself
  EXPECT_EQ(publish(writer, 100, 0), Outcome::ok);
}

TEST_P(Gate, IgnoresSeatsThatHaveNotJoined) {
  TestRing channel(settings());
  auto writer = channel.writer();
  ring::grant_seat(channel.ring, 2, {});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, 0), Outcome::ok);
}

TEST_P(Gate, IgnoresSeatBitsBeyondTheLastSeat) {
  TestRing channel(settings());  // 8 seats
  auto writer = channel.writer();
  // In the padding behind the last seat: what would gate for ever if it were one.
  ASSERT_LE(reinterpret_cast<std::byte*>(&channel.ring.seats[9]),
            channel.seats_segment() + ring::seats_bytes(channel.settings));
  channel.ring.seats[8].word.store({layout::SeatState::reliable, 0});
  for (auto& word : channel.ring.seats_control->active) word.store(~std::uint64_t{0} << 8);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(publish(writer, 100, 0), Outcome::ok);
}

TEST_P(Gate, HeedsTheLastOf256Seats) {
  ring::Settings wanted = settings();
  wanted.max_subscribers = 256;
  TestRing channel(wanted);
  auto writer = channel.writer();
  Subscriber last(channel, 255);
  const std::uint32_t count = publish_until_full(writer, 100);
  EXPECT_LT(count, 41u);
  EXPECT_EQ(last.drain().size(), count);
}

TEST_P(Gate, StaysShutForACursorBehindTheTail) {
  TestRing channel(settings());
  auto writer = channel.writer();
  for (int i = 0; i < 200; ++i) publish(writer, 100, 0);
  Subscriber hostile(channel, 0);
  channel.ring.seats[0].cursor.store(0);
  EXPECT_LT(publish_until_full(writer, 100), 41u);
}

TEST_P(Gate, IsNotMovedByACursorFromTheFuture) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber honest(channel, 0);
  Subscriber hostile(channel, 1);
  channel.ring.seats[1].cursor.store(~std::uint64_t{0});
  const std::uint32_t count = publish_until_full(writer, 100);
  EXPECT_EQ(honest.drain().size(), count);
}

TEST_P(Gate, DropNewestCountsEachMessageThatIsDropped) {
  ring::Settings wanted = settings();
  wanted.when_full = layout::WhenFull::drop_newest;
  TestRing channel(wanted);
  auto writer = channel.writer();
  Subscriber slow(channel, 0);
  const std::uint32_t count = publish_until_full(writer, 100);  // the last one is dropped
  Room room;
  ring::Interrupt interrupt;
  EXPECT_EQ(writer.try_claim(100, room), Outcome::dropped);
  EXPECT_EQ(writer.claim(100, room, interrupt), Outcome::dropped);
  EXPECT_EQ(ring::channel_counts(channel.ring).dropped, 3u);
  EXPECT_EQ(slow.drain().size(), count);
  EXPECT_EQ(publish(writer, 100, 0), Outcome::ok);
  EXPECT_EQ(ring::channel_counts(channel.ring).dropped, 3u);
}

TEST_P(Gate, BlockTimesOut) {
  ring::Settings wanted = settings();
  wanted.block_timeout_ns = 2'000'000;
  TestRing channel(wanted);
  auto writer = channel.writer();
  Subscriber slow(channel, 0);
  publish_until_full(writer, 100);
  Room room;
  ring::Interrupt interrupt;
  EXPECT_EQ(writer.claim(100, room, interrupt), Outcome::timeout);
  EXPECT_EQ(ring::channel_counts(channel.ring).dropped, 0u);
  EXPECT_EQ(channel.ring.seats_control->room_waiters.load(), 0u);
}

// Else each of them would look at every seat again.
TEST(GateOfSeveral, IsRememberedForFellows) {
  TestRing channel(settings_with(2));
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  const auto& line = channel.ring.control->publishers;
  Subscriber slow(channel, 0);
  publish(a, 100, 0);
  EXPECT_GE(line.gate_limit.load(), line.limit.load());
  EXPECT_GE(line.limit.load(), line.claimed.load());
  publish_until_full(b, 100, 1);
  EXPECT_EQ(line.gate_limit.load(), 4096u);
  slow.drain();
  publish(a, 100, 0);
  EXPECT_GT(line.gate_limit.load(), 4096u);
}

class WaitingForRoom : public Gate {
 protected:
  WaitingForRoom() {
    sync::register_membarrier();
    ring::Settings wanted = settings();
    wanted.block_timeout_ns = 3'600'000'000'000;
    channel = std::make_unique<TestRing>(wanted);
  }
  std::unique_ptr<TestRing> channel;
  ring::Interrupt interrupt;
};

INSTANTIATE_TEST_SUITE_P(OneOrSeveral, WaitingForRoom, testing::Values(1u, 3u),
                         [](const auto& about) { return about.param == 1 ? "one" : "several"; });

TEST_P(WaitingForRoom, EndsWhenAReaderMoves) {
  auto writer = channel->writer();
  Subscriber slow(*channel, 0);
  publish_until_full(writer, 100);
  Outcome outcome = Outcome::empty;
  Sleeper waiter([&] {
    Room room;
    outcome = writer.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  slow.drain();
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
  EXPECT_EQ(channel->ring.seats_control->room_waiters.load(), 0u);
}

TEST_P(WaitingForRoom, EndsWhenAReaderLeaves) {
  auto writer = channel->writer();
  Subscriber slow(*channel, 0);
  publish_until_full(writer, 100);
  Outcome outcome = Outcome::empty;
  Sleeper waiter([&] {
    Room room;
    outcome = writer.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  ring::leave_seat(channel->ring, 0);
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
}

TEST_P(WaitingForRoom, EndsWhenADeadReaderIsReaped) {
  auto writer = channel->writer();
  Subscriber slow(*channel, 0);
  publish_until_full(writer, 100);
  Outcome outcome = Outcome::empty;
  Sleeper waiter([&] {
    Room room;
    outcome = writer.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  ring::reap_seat(channel->ring, 0);
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
}

TEST_P(WaitingForRoom, EndsWhenItIsInterrupted) {
  auto writer = channel->writer();
  Subscriber slow(*channel, 0);
  publish_until_full(writer, 100);
  Outcome outcome = Outcome::empty;
  Sleeper waiter([&] {
    Room room;
    outcome = writer.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  interrupt.raise(channel->ring.doorbells[0].bell);
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::interrupted);
}

TEST_P(WaitingForRoom, EndsWhenTheChannelIsClosed) {
  auto writer = channel->writer();
  Subscriber slow(*channel, 0);
  publish_until_full(writer, 100);
  Outcome outcome = Outcome::empty;
  Sleeper waiter([&] {
    Room room;
    outcome = writer.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  ring::close_channel(channel->ring);
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::closed);
}

TEST(WaitingForRoomOfAFellow, EndsWhenItsOpenClaimIsFinished) {
  sync::register_membarrier();
  ring::Settings wanted = settings_with(2);
  wanted.block_timeout_ns = 3'600'000'000'000;
  TestRing channel(wanted);
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  const Room open = must_claim(a, 100);
  publish_until_full(b, 100);
  Outcome outcome = Outcome::empty;
  ring::Interrupt interrupt;
  Sleeper waiter([&] {
    Room room;
    outcome = b.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  a.abort(open);
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
}

TEST(WaitingForRoomOfAFellow, EndsWhenItsSlotIsRecovered) {
  sync::register_membarrier();
  ring::Settings wanted = settings_with(2);
  wanted.block_timeout_ns = 3'600'000'000'000;
  TestRing channel(wanted);
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  must_claim(a, 100);
  publish_until_full(b, 100);
  Outcome outcome = Outcome::empty;
  ring::Interrupt interrupt;
  Sleeper waiter([&] {
    Room room;
    outcome = b.claim(100, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  EXPECT_TRUE(recover(channel.ring, 0));
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
}

// It begins as a wait for a slow reader; a fellow's claims turn it into a wait for one's own.
TEST(WaitingForRoomOfAFellow, IsFullOnceOnlyTheOwnClaimIsInTheWay) {
  sync::register_membarrier();
  ring::Settings wanted = settings_with(2);
  wanted.block_timeout_ns = 3'600'000'000'000;
  TestRing channel(wanted);
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  Subscriber reader(channel, 0);
  publish(b, 1008, 0);  // 0 to 1024
  must_claim(a, 16);    // the own claim: 1024 to 1056
  publish(b, 1008, 1);  // to 2080
  Outcome outcome = Outcome::empty;
  ring::Interrupt interrupt;
  Sleeper waiter([&] {
    Room room;
    // Needs 2080 bytes: beyond the reader at 0 + 4096, not beyond the own claim at 1024 + 4096.
    outcome = a.claim(2048, room, interrupt);
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  ASSERT_EQ(publish(b, 1984, 2), Outcome::ok);  // to 4080: now beyond both
  reader.drain();
  EXPECT_TRUE(waiter.was_woken());
  EXPECT_EQ(outcome, Outcome::full);
}

}  // namespace
}  // namespace busbar::test
