#include "common/ring/wake.hpp"

#include <gtest/gtest.h>

#include "common/sync/doorbell.hpp"
#include "tests/ring/asleep.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

class Wake : public testing::Test {
 protected:
  Wake() { sync::register_membarrier(); }
  TestRing channel{[] {
    ring::Settings settings = settings_with(2);
    settings.max_subscribers = 70;
    return settings;
  }()};
  ring::Interrupt interrupt;
};

TEST_F(Wake, ACommitWakesASleepingReaderOnce) {
  auto writer = channel.writer();
  Subscriber subscriber(channel, 69);
  Outcome outcome = Outcome::empty;
  Sleeper sleeper([&] { outcome = subscriber.reader().await(Deadline::never(), interrupt); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  EXPECT_EQ(channel.ring.seats_control->sleepers[1].load(), std::uint64_t{1} << 5);
  publish(writer, 8, 1);
  EXPECT_EQ(channel.ring.seats_control->sleepers[1].load() & ~(std::uint64_t{1} << 5), 0u);
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
  EXPECT_EQ(channel.ring.seats_control->sleepers[1].load(), 0u);
}

TEST_F(Wake, AnAbortWakesASleepingReaderToo) {
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  const ring::Room room = must_claim(writer, 8);
  Sleeper sleeper([&] { subscriber.reader().await(Deadline::never(), interrupt); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  writer.abort(room);
  EXPECT_TRUE(sleeper.was_woken());
}

TEST_F(Wake, AnInterruptEndsASleep) {
  Subscriber subscriber(channel, 0);
  Outcome outcome = Outcome::empty;
  Sleeper sleeper([&] { outcome = subscriber.reader().await(Deadline::never(), interrupt); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  interrupt.raise(channel.ring.seats[0].bell);
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(outcome, Outcome::interrupted);
  EXPECT_EQ(channel.ring.seats_control->sleepers[0].load(), 0u);
}

TEST_F(Wake, AnInterruptBeforeTheSleepIsKept) {
  Subscriber subscriber(channel, 0);
  interrupt.raise(channel.ring.seats[0].bell);
  EXPECT_EQ(subscriber.reader().await(Deadline::never(), interrupt), Outcome::interrupted);
  EXPECT_EQ(subscriber.reader().await(Deadline::after(std::chrono::milliseconds(1)), interrupt),
            Outcome::timeout);
}

TEST_F(Wake, ATimeLimitEndsASleep) {
  Subscriber subscriber(channel, 0);
  EXPECT_EQ(subscriber.reader().await(Deadline::after(std::chrono::milliseconds(1)), interrupt),
            Outcome::timeout);
  EXPECT_EQ(channel.ring.seats_control->sleepers[0].load(), 0u);
}

// Else who waits, polls and waits again would never rest.
TEST_F(Wake, BytesThatMakeNoSenseEndTheWait) {
  Subscriber subscriber(channel, 0);
  channel.ring.record(0).word.store(~std::uint64_t{0});
  EXPECT_EQ(subscriber.reader().await(Deadline::never(), interrupt), Outcome::closed);
}

TEST_F(Wake, NobodyIsRungWhoDoesNotSleep) {
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  publish(writer, 8, 1);
  EXPECT_EQ(channel.ring.seats[0].bell.token.load(), 0u);
  channel.ring.seats_control->sleepers[0].store(1);
  ring::call_publishers(channel.ring);
  publish(writer, 8, 1);
  EXPECT_EQ(channel.ring.seats[0].bell.token.load(), 1u);
  EXPECT_EQ(channel.ring.seats[1].bell.token.load(), 0u);
  EXPECT_EQ(channel.ring.seats_control->call.load(), 0u);
}

TEST_F(Wake, BitsBeyondTheLastSeatAndSlotAreIgnored) {
  auto writer = channel.writer();
  for (auto& word : channel.ring.seats_control->sleepers) word.store(~std::uint64_t{0});
  channel.ring.seats_control->room_waiters.store(~std::uint64_t{0});
  ring::call_publishers(channel.ring);
  publish(writer, 8, 1);  // ASan would tell
  EXPECT_EQ(channel.ring.seats[69].bell.token.load(), 1u);
  EXPECT_EQ(channel.ring.seats_control->sleepers[1].load(), ~std::uint64_t{0} << 6);
  EXPECT_EQ(channel.ring.seats_control->room_waiters.load(), ~std::uint64_t{0} << 2);
}

// A waker may die between its token and its wake. The broker then rings every bell.
TEST_F(Wake, ATokenWhoseWakerDiedDoesNotKeepTheBrokerFromWaking) {
  Subscriber subscriber(channel, 0);
  channel.writer(0);
  Sleeper sleeper([&] { subscriber.reader().await(Deadline::never(), interrupt); });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  // Its state is settled only once it waits on the futex; what it sleeps for is looked at again.
  channel.ring.seats_control->sleepers[0].store(0);
  channel.ring.seats[0].bell.token.store(1);
  channel.ring.control->channel.state.store(layout::ChannelState::closed);
  EXPECT_FALSE(sleeper.done());
  recover(channel.ring, 0);
  EXPECT_TRUE(sleeper.was_woken());
}

}  // namespace
}  // namespace busbar::test
