#include <gtest/gtest.h>

#include <optional>

#include "common/ring/gaps.hpp"
#include "common/ring/now.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using ring::JoinAt;
using ring::Record;
using ring::Room;
using ring::SeatKind;

class Lossy : public testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override { sync::register_membarrier(); }

  ring::Receiver join(JoinAt at = JoinAt::oldest, std::uint32_t seat = 0) {
    return channel.receiver(seat, at, SeatKind::lossy);
  }
  void abort(std::uint64_t size) { writer.abort(must_claim(writer, size)); }
  void publish_many(std::uint32_t count, std::uint64_t size = 100) {
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(publish(writer, size, next_++), Outcome::ok);
    }
  }

  /// Receives and releases all that is there; how many it was.
  std::uint64_t drain(ring::Receiver& receiver) {
    std::uint64_t count = 0;
    Record record;
    std::uint32_t place = 0;
    for (;;) {
      last = receiver.try_take(record, place);
      if (last == Outcome::overrun) continue;
      if (last != Outcome::ok) return count;
      EXPECT_EQ(first_wrong_byte(channel.ring, record.position, record.size, record.type),
                record.size);
      EXPECT_FALSE(receiver.let_go(place));
      ++count;
    }
  }

  TestRing channel{settings_with(GetParam(), 4096)};
  ring::Writer writer = channel.writer();
  Outcome last = Outcome::ok;

 private:
  std::uint32_t next_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Publishers, Lossy, testing::Values(1u, 4u));

TEST_P(Lossy, GatesNobody) {
  auto receiver = join();
  publish_many(1000);
  EXPECT_GT(drain(receiver), 0u);
}

TEST_P(Lossy, GetsEverythingIfItKeepsUp) {
  auto receiver = join();
  for (int i = 0; i < 1000; ++i) {
    publish_many(5);
    ASSERT_EQ(drain(receiver), 5u);
  }
  EXPECT_EQ(receiver.lost(), 0u);
}

TEST_P(Lossy, ToldOnceThatItWasLappedAndGoesOn) {
  auto receiver = join();
  publish_many(100);
  Record record;
  std::uint32_t place = 0;
  EXPECT_EQ(receiver.try_take(record, place), Outcome::overrun);
  const std::uint64_t lost = receiver.lost();
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(receiver.try_take(record, place), Outcome::ok);
  EXPECT_EQ(record.sequence, lost);
  EXPECT_FALSE(receiver.let_go(place));
  EXPECT_EQ(drain(receiver) + 1 + lost, 100u);
}

TEST_P(Lossy, IsLappedByATailThatIsOneRecordOn) {
  auto receiver = join();
  publish_many(3, 0);
  Record record;
  std::uint32_t place = 0;
  ring::store_tail(channel.ring, {0, 0, 0});
  ASSERT_EQ(receiver.try_take(record, place), Outcome::ok) << "not by one that is where it is";
  EXPECT_FALSE(receiver.let_go(place));
  ring::store_tail(channel.ring, {16, 1, 1});
  ASSERT_EQ(receiver.try_take(record, place), Outcome::ok);
  EXPECT_FALSE(receiver.let_go(place));
  ring::store_tail(channel.ring, {48, 3, 3});
  EXPECT_EQ(receiver.try_take(record, place), Outcome::overrun);
  EXPECT_EQ(receiver.lost(), 1u);
}

TEST_P(Lossy, CountsNeitherAbortedNorShortNorSteppedOverRecords) {
  auto receiver = join();
  std::uint64_t sent = 0;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const Room room = must_claim(writer, 10 + i % 150);
    if (i % 10 == 3) {
      writer.abort(room);
      continue;
    }
    fill(channel.ring, room, i);
    writer.commit(room, i % 4 == 0 ? room.size / 2 : room.size, i);
    ++sent;
  }
  const std::uint64_t received = drain(receiver);
  EXPECT_EQ(receiver.lost() + received, sent);
}

TEST_P(Lossy, IsNotToldOfALapOfAbortedClaims) {
  auto receiver = join();
  for (int i = 0; i < 500; ++i) abort(100);
  Record record;
  std::uint32_t place = 0;
  EXPECT_EQ(receiver.try_take(record, place), Outcome::empty);
  EXPECT_EQ(receiver.lost(), 0u);
  publish_many(1);
  EXPECT_EQ(receiver.try_take(record, place), Outcome::ok);
}

TEST_P(Lossy, JoinedNowCountsFromThereWhateverLiesBefore) {
  for (const bool aborts : {false, true}) {
    for (std::uint32_t before = 0; before < 80; ++before) {
      publish_many(1, before);
      if (aborts) abort(before % 7);
      auto receiver = join(JoinAt::now, before % 3);
      publish_many(150);
      EXPECT_EQ(drain(receiver) + receiver.lost(), 150u);
      ring::leave_seat(channel.ring, before % 3);
      ring::reap_seat(channel.ring, before % 3);
    }
  }
}

TEST_P(Lossy, JoinedNowBeforeAnOpenClaimCountsThatToo) {
  publish_many(10);
  const Room open = must_claim(writer, 8);
  auto receiver = join(JoinAt::now);
  publish_many(3, 8);
  fill(channel.ring, open, 7);
  writer.commit(open, 8, 7);
  publish_many(150);
  EXPECT_EQ(drain(receiver) + receiver.lost(), 154u);
}

TEST_P(Lossy, TheEndOfTheStreamIsNoMessage) {
  auto receiver = join();
  publish_many(5);
  ring::Interrupt interrupt;
  ASSERT_EQ(writer.end(interrupt), Outcome::ok);
  EXPECT_EQ(drain(receiver), 5u);
  EXPECT_EQ(last, Outcome::ended);
  ASSERT_TRUE(recover(channel.ring, 0));
  writer.~Writer();
  new (&writer) ring::Writer(channel.writer());
  publish_many(200);
  EXPECT_EQ(drain(receiver) + receiver.lost(), 200u);
}

TEST_P(Lossy, HoldsUpToEightWhileLapped) {
  auto receiver = join();
  std::vector<Record> records(8);
  std::vector<std::uint32_t> places(8);
  for (std::size_t i = 0; i < 8; ++i) {
    publish_many(1, 64);
    ASSERT_EQ(receiver.try_take(records[i], places[i]), Outcome::ok);
    publish_many(3, 64);
    for (int skip = 0; skip < 3; ++skip) {
      Record other;
      std::uint32_t place = 0;
      if (receiver.try_take(other, place) == Outcome::ok) {
        EXPECT_FALSE(receiver.let_go(place));
      }
    }
  }
  publish_many(1);
  Record record;
  std::uint32_t place = 0;
  EXPECT_EQ(receiver.try_take(record, place), Outcome::too_many_held);
  publish_many(500);
  for (const Record& held : records) {
    EXPECT_EQ(first_wrong_byte(channel.ring, held.position, held.size, held.type), held.size);
  }
  for (const std::uint32_t held : places) EXPECT_FALSE(receiver.let_go(held));
  EXPECT_EQ(receiver.try_take(record, place), Outcome::overrun);
}

TEST_P(Lossy, PollsWithoutHoldingAndStopsWhereItWasLapped) {
  auto receiver = join();
  publish_many(100);
  Outcome why = Outcome::ok;
  int visited = 0;
  const auto visit = [&](const Record&) { ++visited; };
  EXPECT_EQ(receiver.poll(1000, why, visit), 0);
  EXPECT_EQ(why, Outcome::overrun);
  receiver.poll(1000, why, visit);
  EXPECT_EQ(why, Outcome::empty);
  EXPECT_EQ(receiver.lost() + static_cast<std::uint64_t>(visited), 100u);
  for (const auto& pin : channel.ring.seats[0].pin) EXPECT_EQ(pin.load(), 0u);
}

TEST_P(Lossy, FindsItsMessageWholeInAPollThatIsLappedMeanwhile) {
  auto receiver = join();
  publish_many(3, 200);
  Outcome why = Outcome::ok;
  receiver.poll(1, why, [&](const Record& record) {
    publish_many(100);
    EXPECT_EQ(first_wrong_byte(channel.ring, record.position, record.size, record.type),
              record.size);
  });
  const std::uint64_t received = 1 + drain(receiver);
  EXPECT_EQ(receiver.lost() + received, 103u);
}

TEST_P(Lossy, IsShownWithWhatItLost) {
  auto receiver = join();
  publish_many(100);
  Record record;
  std::uint32_t place = 0;
  receiver.try_take(record, place);
  receiver.try_take(record, place);
  const ring::SeatCounts counts = ring::seat_counts(channel.ring, 0);
  EXPECT_EQ(counts.state, layout::SeatState::lossy);
  EXPECT_EQ(counts.lost, receiver.lost());
  EXPECT_EQ(counts.held, 1u);
}

TEST(LossySeats, DoNotLoseWhatIsCommittedBehindAnOldOpenClaim) {
  TestRing channel(settings_with(2));
  auto slow = channel.writer(0);
  auto fast = channel.writer(1);
  auto receiver = channel.receiver(0, JoinAt::oldest, SeatKind::lossy);
  for (std::uint32_t round = 0; round < 50; ++round) {
    const Room open = must_claim(slow, 40);
    std::uint64_t sent = publish_until_full(fast, 100);
    EXPECT_LE(ring::read_tail(channel.ring).position, open.position)
        << "an open claim has no count yet";
    fill(channel.ring, open, 5);
    slow.commit(open, 40, 5);
    ++sent;
    Record record;
    std::uint32_t place = 0;
    std::uint64_t received = 0;
    while (receiver.try_take(record, place) == Outcome::ok) {
      ++received;
      EXPECT_FALSE(receiver.let_go(place));
    }
    ASSERT_EQ(received, sent);
  }
}

TEST(LossySeats, CountWhatABrokerAbortedForTheDead) {
  TestRing channel(settings_with(3));
  std::optional<ring::Writer> mortal(channel.writer(0));
  auto other = channel.writer(1);
  auto receiver = channel.receiver(0, JoinAt::oldest, SeatKind::lossy);
  std::uint64_t sent = 0;
  for (std::uint32_t round = 0; round < 300; ++round) {
    must_claim(*mortal, 50);
    for (std::uint32_t i = 0; i < round % 9; ++i) {
      ASSERT_EQ(publish(other, 90, i), Outcome::ok);
      ++sent;
    }
    ASSERT_TRUE(recover(channel.ring, 0));
    mortal.emplace(channel.writer(0));
  }
  std::uint64_t received = 0;
  Record record;
  std::uint32_t place = 0;
  for (;;) {
    const Outcome outcome = receiver.try_take(record, place);
    if (outcome == Outcome::overrun) continue;
    if (outcome != Outcome::ok) break;
    ++received;
    EXPECT_FALSE(receiver.let_go(place));
  }
  EXPECT_EQ(received + receiver.lost(), sent);
}

TEST(Gaps, AreForgottenOnceTheTailHasPassed) {
  TestRing channel(settings_with(1, 65536));
  auto writer = channel.writer();
  writer.abort(must_claim(writer, 100));
  EXPECT_TRUE(ring::may_have_gaps(channel.ring, 0, 4096));
  EXPECT_FALSE(ring::may_have_gaps(channel.ring, 4096, 65536));
  for (std::uint32_t i = 0; i < 1500; ++i) publish(writer, 100, i);
  EXPECT_EQ(channel.ring.control->checkpoints.gaps.load(), 0u);
}

}  // namespace
}  // namespace busbar::test
