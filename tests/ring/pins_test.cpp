#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

#include "common/layout/pin.hpp"
#include "common/ring/pinned_bytes.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using layout::Pin;
using layout::SeatState;
using ring::Record;
using ring::Room;

/// A message that is held, with the bytes that it must keep.
struct Kept {
  Record record;
  std::uint32_t place = 0;
};

/// A subscriber that keeps messages, and the publisher that goes on around them.
class Holder {
 public:
  Holder(const TestRing& channel, std::uint32_t seat,
         ring::SeatKind kind = ring::SeatKind::reliable)
      : ring_(channel.ring), receiver_(channel.receiver(seat, ring::JoinAt::oldest, kind)) {}

  Outcome take(Kept& kept) { return receiver_.try_take(kept.record, kept.place); }
  void keep() {
    Kept kept;
    ASSERT_EQ(take(kept), Outcome::ok);
    kept_.push_back(kept);
  }
  /// Takes and releases what is there.
  std::vector<std::uint32_t> drain() {
    std::vector<std::uint32_t> types;
    Kept kept;
    Outcome outcome = take(kept);
    for (; outcome == Outcome::ok || outcome == Outcome::overrun; outcome = take(kept)) {
      if (outcome == Outcome::overrun) continue;
      types.push_back(kept.record.type);
      EXPECT_EQ(wrong(kept), kept.record.size);
      EXPECT_FALSE(receiver_.let_go(kept.place));
    }
    last_ = outcome;
    return types;
  }
  void release(std::size_t index) {
    EXPECT_FALSE(receiver_.let_go(kept_[index].place));
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  /// Whether each kept message still has the bytes that its type stands for.
  bool intact() const {
    for (const Kept& kept : kept_) {
      if (wrong(kept) != kept.record.size) return false;
    }
    return true;
  }
  std::vector<Kept>& kept() { return kept_; }
  ring::Receiver& receiver() { return receiver_; }
  Outcome last() const { return last_; }

 private:
  std::uint64_t wrong(const Kept& kept) const {
    return first_wrong_byte(ring_, kept.record.position, kept.record.size, kept.record.type);
  }
  ring::RingView ring_;
  ring::Receiver receiver_;
  std::vector<Kept> kept_;
  Outcome last_ = Outcome::ok;
};

class Pins : public testing::TestWithParam<std::uint32_t> {
 protected:
  TestRing channel{settings_with(GetParam(), 4096)};
  ring::Writer writer = channel.writer();
};
INSTANTIATE_TEST_SUITE_P(Publishers, Pins, testing::Values(1u, 3u));

TEST_P(Pins, AHeldMessageStaysWhileManyLapsGoByAround) {
  Holder holder(channel, 0);
  publish(writer, 200, 1);
  holder.keep();
  for (std::uint32_t i = 0; i < 500; ++i) {
    ASSERT_EQ(publish(writer, 8 + i % 300, 100 + i), Outcome::ok) << i;
    ASSERT_EQ(holder.drain(), Types{100 + i});
    ASSERT_TRUE(holder.intact());
  }
}

TEST_P(Pins, EightHeldMessagesInAnyPlacesStay) {
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 400; ++i) {
    ASSERT_EQ(publish(writer, 40 + i % 50, i), Outcome::ok);
    if (i % 7 == 0) {
      if (holder.kept().size() == 7) holder.release(i % 5);
      holder.keep();
    } else {
      ASSERT_EQ(holder.drain(), Types{i});
    }
    ASSERT_TRUE(holder.intact());
  }
}

TEST_P(Pins, OfNeighboursAreSteppedOverInOneSkip) {
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 4; ++i) publish(writer, 8, i);  // records of 24 bytes
  for (int i = 0; i < 4; ++i) holder.keep();
  // Three are pinned, [0, 72); the fourth is kept by the cursor until the next one is taken.
  for (std::uint64_t end = 96; end + 104 + 16 < 4096; end += 104) publish(writer, 88, 9);
  holder.drain();
  const std::uint64_t before = channel.ring.control->publishers.claimed.load();
  ASSERT_EQ(publish(writer, 88, 10), Outcome::ok);
  const layout::Word skip(channel.ring.record(before).word.load());
  EXPECT_EQ(skip.state(), layout::RecordState::skip);
  EXPECT_EQ(before + skip.length(), 4096u + 96u);
  EXPECT_EQ(holder.drain(), Types{10});
  EXPECT_TRUE(holder.intact());
}

TEST_P(Pins, BehindWhichARecordJustFitsAreNotSteppedOver) {
  Holder holder(channel, 0);
  publish(writer, 984, 1);  // [0, 1000)
  publish(writer, 84, 2);   // [1000, 1104): will be held
  publish(writer, 8, 3);
  Kept first;
  ASSERT_EQ(holder.take(first), Outcome::ok);
  EXPECT_FALSE(holder.receiver().let_go(first.place));
  holder.keep();
  holder.drain();
  // The rest of the lap, then a record that ends 16 bytes before the held one.
  Room room = must_claim(writer, 4096 - 1128 - 16);
  writer.abort(room);
  holder.drain();
  ASSERT_EQ(channel.ring.control->publishers.claimed.load(), 4096u);
  room = must_claim(writer, 1000 - 16 - 16);
  EXPECT_EQ(room.position, 4096u);
  writer.abort(room);
  // The next one begins at the reserve and must go behind.
  holder.drain();
  room = must_claim(writer, 8);
  EXPECT_EQ(room.position, 4096u + 1104u);
  writer.abort(room);
  EXPECT_TRUE(holder.intact());
}

TEST_P(Pins, ThatLeaveTooLittleRoomMeetWhenFullAndNothingIsPlaced) {
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 3; ++i) publish(writer, 1000, i);  // 3 of 1016 bytes
  for (int i = 0; i < 3; ++i) holder.keep();
  publish(writer, 8, 7);
  ASSERT_EQ(holder.drain(), Types{7});
  const std::uint64_t claimed = channel.ring.control->publishers.claimed.load();
  Room room;
  EXPECT_EQ(writer.try_claim(1024, room), Outcome::full);
  EXPECT_EQ(channel.ring.control->publishers.claimed.load(), claimed);
  EXPECT_EQ(channel.ring.record(claimed).word.load(), 0u);
  EXPECT_EQ(publish(writer, 400, 8), Outcome::ok) << "smaller ones fit";
  ASSERT_EQ(holder.drain(), Types{8});
  holder.release(1);
  EXPECT_EQ(publish(writer, 984, 9), Outcome::ok);
  EXPECT_EQ(holder.drain(), Types{9});
  EXPECT_TRUE(holder.intact());
}

TEST_P(Pins, ANinthMessageIsAnOutcomeAndNothingIsSkipped) {
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 9; ++i) publish(writer, 8, i);
  for (int i = 0; i < 8; ++i) holder.keep();
  Kept ninth;
  EXPECT_EQ(holder.take(ninth), Outcome::too_many_held);
  holder.release(3);
  EXPECT_EQ(holder.drain(), Types{8});
}

TEST_P(Pins, ReleaseMakesRoomForAPublisherThatWaits) {
  // As a publisher that sleeps would be told: its bit is cleared and its doorbell rung.
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 3; ++i) publish(writer, 1000, i);
  for (int i = 0; i < 3; ++i) holder.keep();
  holder.drain();
  channel.ring.seats_control->room_waiters.fetch_or(1);
  holder.release(0);
  EXPECT_EQ(channel.ring.seats_control->room_waiters.load(), 0u);
  EXPECT_EQ(channel.ring.doorbells[0].bell.token.load(), 1u);
}

// It would wait for a holder that may be waiting for the claim.
TEST_P(Pins, ThatPushAClaimAgainstAnOwnOpenOneAreNotWaitedFor) {
  ring::Settings settings = settings_with(GetParam(), 4096);
  settings.max_message = 1900;
  settings.block_timeout_ns = 3'600'000'000'000;
  TestRing wide(settings);
  ring::Writer publisher = wide.writer();
  Holder holder(wide, 0);
  publish(publisher, 1000, 1);  // [0, 1016)
  holder.keep();
  EXPECT_EQ(holder.drain(), Types{});
  const Room mine = must_claim(publisher, 1600);  // [1016, 2632)
  ring::Interrupt interrupt;
  Room room;
  // Behind the held message it would end in the claim of this very publisher.
  EXPECT_EQ(publisher.claim(1500, room, interrupt), Outcome::full);
  publisher.abort(mine);
  holder.drain();
  EXPECT_EQ(publisher.claim(1500, room, interrupt), Outcome::ok);
}

TEST_P(Pins, WakeAReaderThatSleepsInFrontOfTheSkip) {
  Holder holder(channel, 0);
  publish(writer, 1000, 1);
  holder.keep();
  while (channel.ring.control->publishers.claimed.load() < 4096 - 200) {
    publish(writer, 40, 2);
    holder.drain();
  }
  channel.ring.seats_control->sleepers[0].fetch_or(1);
  must_claim(writer, 500);  // stays open, behind the held message
  EXPECT_EQ(channel.ring.seats_control->sleepers[0].load(), 0u);
  EXPECT_EQ(channel.ring.seats[0].bell.token.load(), 1u);
  EXPECT_EQ(holder.drain(), Types{});
  EXPECT_GT(channel.ring.seats[0].cursor.load(), 4096u) << "it gates no more at the skip";
}

TEST_P(Pins, OfASubscriberThatWentAwayAreHonouredUntilTheLastRelease) {
  Holder holder(channel, 0);
  publish(writer, 100, 1);
  holder.keep();
  EXPECT_FALSE(holder.receiver().close());
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(publish(writer, 300, i), Outcome::ok);
    ASSERT_TRUE(holder.intact());
  }
  EXPECT_TRUE(holder.receiver().let_go(holder.kept()[0].place));
  EXPECT_EQ(channel.ring.seats[0].pin[0].load(), 0u);
}

TEST_P(Pins, OfADeadSubscriberAreGoneWhenItsSeatIsReaped) {
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 3; ++i) publish(writer, 1000, i);
  for (int i = 0; i < 3; ++i) holder.keep();
  holder.drain();
  Room room;
  ASSERT_EQ(writer.try_claim(1024, room), Outcome::full);
  ring::reap_seat(channel.ring, 0);
  EXPECT_EQ(writer.try_claim(1024, room), Outcome::ok);
}

TEST_P(Pins, AreShownWithTheirBytes) {
  Holder holder(channel, 0);
  for (std::uint32_t i = 0; i < 3; ++i) publish(writer, 100, i);
  for (int i = 0; i < 3; ++i) holder.keep();
  const ring::SeatCounts counts = ring::seat_counts(channel.ring, 0);
  ASSERT_EQ(counts.held, 2u);  // the third is kept by the cursor
  EXPECT_EQ(counts.hold[0].bytes, 120u);
  EXPECT_EQ(counts.hold[1].bytes, 120u);
}

TEST_P(Pins, ThatAreNonsenseAreIgnored) {
  Holder holder(channel, 0);
  layout::Seat& seat = channel.ring.seats[0];
  const std::uint64_t hostile[] = {~std::uint64_t{0},         Pin(4096, 8, 4096).bits(),
                                   Pin(0, 2048, 4096).bits(), Pin(8, 8 * 1024, 4096).bits(),
                                   std::uint64_t{1} << 63,    1};
  for (const std::uint64_t bits : hostile) {
    for (auto& pin : seat.pin) pin.store(bits);
    for (std::uint32_t i = 0; i < 30; ++i) {
      ASSERT_EQ(publish(writer, 300, i), Outcome::ok) << std::hex << bits;
      ASSERT_EQ(holder.drain(), Types{i});
    }
  }
}

TEST_P(Pins, ThatCoverEverythingAreAnOutcomeAndNoHarm) {
  Holder holder(channel, 0);
  layout::Seat& seat = channel.ring.seats[3];
  channel.ring.seats_control->active[0].fetch_or(8);
  for (std::uint64_t i = 0; i < 8; ++i) seat.pin[i].store(Pin(i * 512, 512, 4096).bits());
  Room room;
  EXPECT_EQ(writer.try_claim(8, room), Outcome::full);
  for (auto& pin : seat.pin) pin.store(0);
  EXPECT_EQ(writer.try_claim(8, room), Outcome::ok);
}

TEST(PinnedBytes, FindTheFirstClearPlaceBehindMergedNeighbours) {
  TestRing channel;
  channel.ring.seats_control->active[0].store(3);
  channel.ring.seats[0].pin[2].store(Pin(200, 104, 4096).bits());
  channel.ring.seats[1].pin[7].store(Pin(304, 96, 4096).bits());
  channel.ring.seats[1].pin[0].store(Pin(408, 8, 4096).bits());  // 8 bytes are no room for anything
  ring::PinnedBytes pinned(channel.ring);
  pinned.look(channel.ring, 4096);
  std::uint64_t place = 0;
  EXPECT_TRUE(pinned.find_clear(channel.ring, 200, place));
  EXPECT_EQ(place, 4096u);
  EXPECT_TRUE(pinned.find_clear(channel.ring, 208, place));
  EXPECT_EQ(place, 4096u + 416u);
  EXPECT_EQ(pinned.next_pinned(place, 7), 7u);
  EXPECT_EQ(pinned.next_pinned(4096, 7), 4096u + 200u);
}

TEST(PinnedBytes, OfMoreThanTheLargestRecordAreNonsense) {
  TestRing channel;  // messages up to 1024 bytes
  channel.ring.seats_control->active[0].store(1);
  ring::PinnedBytes pinned(channel.ring);
  std::uint64_t place = 0;
  channel.ring.seats[0].pin[0].store(Pin(0, 1040, 4096).bits());
  pinned.look(channel.ring, 4096);
  EXPECT_TRUE(pinned.find_clear(channel.ring, 8, place));
  EXPECT_EQ(place, 4096u + 1040u);
  for (const std::uint64_t bytes : {1056u, 2048u, 4096u}) {
    channel.ring.seats[0].pin[0].store(Pin(0, bytes, 4096).bits());
    pinned.look(channel.ring, 4096);
    EXPECT_TRUE(pinned.find_clear(channel.ring, 8, place));
    EXPECT_EQ(place, 4096u) << bytes;
  }
}

TEST(PinnedBytes, ThatLieAcrossThePositionOrTheEndOfTheRingCount) {
  TestRing channel;
  channel.ring.seats_control->active[0].store(1);
  channel.ring.seats[0].pin[0].store(Pin(4000, 400, 4096).bits());  // wraps to 304
  ring::PinnedBytes pinned(channel.ring);
  std::uint64_t place = 0;
  pinned.look(channel.ring, 4096 + 104);
  EXPECT_TRUE(pinned.find_clear(channel.ring, 3696, place));
  EXPECT_EQ(place, 4096u + 304u);
  EXPECT_FALSE(pinned.find_clear(channel.ring, 3704, place));
  pinned.look(channel.ring, 3000);
  EXPECT_TRUE(pinned.find_clear(channel.ring, 1008, place));
  EXPECT_EQ(place, 4400u);
}

// What docs/patterns.md promises to those who size a ring.
TEST(PinnedBytes, LeaveAGapOfTheFreeBytesByOneMoreThanTheirNumber) {
  TestRing channel;
  channel.ring.seats_control->active[0].store(1);
  std::mt19937_64 random(7);
  for (int round = 0; round < 5000; ++round) {
    const std::uint64_t count = random() % 9;
    std::uint64_t held = 0;
    for (std::uint64_t i = 0; i < 8; ++i) {
      const std::uint64_t bytes = i < count ? 8 + random() % 60 * 8 : 0;
      held += bytes;
      channel.ring.seats[0].pin[i].store(bytes == 0 ? 0
                                                    : Pin(random() % 512 * 8, bytes, 4096).bits());
    }
    ring::PinnedBytes pinned(channel.ring);
    pinned.look(channel.ring, 4096 + random() % 512 * 8);
    const std::uint64_t fits = (4096 - held) / (count + 1) / 8 * 8;
    std::uint64_t place = 0;
    ASSERT_TRUE(held >= 4096 || pinned.find_clear(channel.ring, fits, place)) << "round " << round;
  }
}

TEST(PinnedBytes, KeepPlacesOnTheGridOfTheAlignment) {
  ring::Settings settings = settings_with(1, 4096, 64);
  TestRing channel(settings);
  channel.ring.seats_control->active[0].store(1);
  channel.ring.seats[0].pin[0].store(Pin(48, 72, 4096).bits());  // hostile: no multiple of 64
  ring::PinnedBytes pinned(channel.ring);
  pinned.look(channel.ring, 4096 - 16);
  std::uint64_t place = 0;
  EXPECT_TRUE(pinned.find_clear(channel.ring, 128, place));
  EXPECT_EQ(place, 4096u + 176u);
}

class Deaths : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Publishers, Deaths, testing::Values(1u, 3u));

TEST_P(Deaths, OfAPublisherThatSteppedOverLeaveAWholeChain) {
  TestRing channel(settings_with(GetParam(), 4096));
  std::optional<ring::Writer> writer(channel.writer());
  Holder holder(channel, 0);
  publish(*writer, 500, 1);
  holder.keep();
  for (std::uint32_t i = 2; i < 300; ++i) {
    must_claim(*writer, 300);  // dies with it open, perhaps right behind a skip
    ASSERT_TRUE(recover(channel.ring, 0));
    writer.emplace(channel.writer());
    ASSERT_EQ(publish(*writer, 200, i), Outcome::ok);
    ASSERT_EQ(holder.drain(), Types{i});
    ASSERT_TRUE(holder.intact());
  }
}

}  // namespace
}  // namespace busbar::test
