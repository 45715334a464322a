// SPDX-License-Identifier: Apache-2.0
#include "common/ring/room_pace.hpp"

#include <gtest/gtest.h>

#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using ring::RoomPace;

constexpr std::uint64_t kRing = 4 << 20;
constexpr std::uint64_t kEnough = 1000;
constexpr std::uint64_t kLittle = 80;
constexpr std::uint64_t kALot = 64 << 10;

void look(RoomPace& pace, std::uint64_t bytes) {
  for (int i = 0; i < 20; ++i) pace.found(bytes, kEnough);
}

TEST(RoomPace, LooksAtOnceAsLongAsThereIsRoom) {
  RoomPace pace(kRing);
  EXPECT_EQ(pace.pauses(), 0u);
  look(pace, kALot);
  EXPECT_EQ(pace.pauses(), 0u);
}

TEST(RoomPace, LooksMoreRarelyWhereEachLookFindsRoomForOne) {
  RoomPace pace(kRing);
  pace.found(kLittle, kEnough);
  const std::uint32_t first = pace.pauses();
  EXPECT_GT(first, 0u);
  look(pace, kLittle);
  EXPECT_GT(pace.pauses(), first);
  EXPECT_LE(pace.pauses(), 256u);
}

TEST(RoomPace, StaysAsItIsWhereLooksFindEnough) {
  RoomPace pace(kRing);
  for (int i = 0; i < 3; ++i) pace.found(kLittle, kEnough);
  const std::uint32_t before = pace.pauses();
  look(pace, kEnough);
  EXPECT_EQ(pace.pauses(), before);
}

TEST(RoomPace, LooksAtOnceAgainWhenThereIsALot) {
  RoomPace pace(kRing);
  look(pace, kLittle);
  look(pace, kALot);
  EXPECT_EQ(pace.pauses(), 0u);
}

TEST(RoomPace, DoesNotGoOnPausingBeforeAReaderThatStandsStill) {
  RoomPace pace(kRing);
  look(pace, kLittle);
  for (int i = 0; i < 20; ++i) pace.found_nothing();
  EXPECT_EQ(pace.pauses(), 0u);
}

TEST(RoomPace, LetsNoReaderComeToTheEndOfASmallRing) {
  RoomPace small(64 << 10), large(kRing);
  look(small, kLittle);
  look(large, kLittle);
  EXPECT_LE(small.pauses() * 16, large.pauses());
}

TEST(RoomPace, NeverWaitsUnderThePolicyLatency) {
  RoomPace pace(kRing);
  pace.set_policy(WaitPolicy::latency);
  look(pace, kLittle);
  EXPECT_EQ(pace.pauses(), 0u);
}

/// A channel with a writer that waits and a reader.
class ClaimsAtPace : public testing::Test {
 protected:
  struct Channel {
    explicit Channel(layout::WhenFull when_full, std::uint32_t publishers, std::uint64_t capacity)
        : ring(with(when_full, publishers, capacity)), writer(ring.writer()), reader(ring, 0) {}
    static ring::Settings with(layout::WhenFull when_full, std::uint32_t publishers,
                               std::uint64_t capacity) {
      ring::Settings settings = settings_with(publishers, capacity);
      settings.when_full = when_full;
      return settings;
    }
    void claim_and_commit(std::uint64_t size) {
      ring::Room room;
      ring::Interrupt interrupt;
      ASSERT_EQ(writer.claim(size, room, interrupt), Outcome::ok);
      fill(ring.ring, room, 1);
      writer.commit(room, size, 1);
    }
    /// A ring that stays full: a message is taken, another one comes.
    void goes_on_full(int messages) {
      publish_until_full(writer, kSize);
      ring::Record record;
      for (int i = 0; i < messages; ++i) {
        reader.reader().next(record);
        reader.holds().pass(reader.reader().position());
        claim_and_commit(kSize);
      }
    }

    TestRing ring;
    ring::Writer writer;
    Subscriber reader;
  };
  static constexpr std::uint64_t kSize = 48;
};

TEST_F(ClaimsAtPace, AreAtOnceWhereReadersKeepUp) {
  for (const std::uint64_t capacity : {4ull << 10, 64ull << 10, 4ull << 20}) {
    for (const std::uint64_t size : {std::uint64_t{0}, kSize, capacity / 8, capacity / 4}) {
      Channel channel(layout::WhenFull::block, 1, capacity);
      for (std::uint64_t bytes = 0; bytes < 4 * capacity; bytes += size + 16) {
        channel.claim_and_commit(size);
        channel.reader.drain();
        ASSERT_EQ(channel.writer.pace().pauses(), 0u) << size << " bytes in " << capacity;
      }
    }
  }
}

TEST_F(ClaimsAtPace, LeaveAFullRingToItsReadersForLonger) {
  for (const std::uint32_t publishers : {1u, 3u}) {
    Channel channel(layout::WhenFull::block, publishers, 64 << 10);
    channel.goes_on_full(20);
    EXPECT_GT(channel.writer.pace().pauses(), 0u) << publishers;
  }
}

TEST_F(ClaimsAtPace, NeverPauseWherePublishersDoNotWait) {
  Channel channel(layout::WhenFull::drop_newest, 1, 64 << 10);
  channel.goes_on_full(20);
  EXPECT_EQ(channel.writer.pace().pauses(), 0u);
}

}  // namespace
}  // namespace busbar::test
