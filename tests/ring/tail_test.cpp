#include "common/ring/tail.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

using ring::Boundary;

class TailOf : public testing::TestWithParam<std::uint32_t> {};

INSTANTIATE_TEST_SUITE_P(OneOrSeveral, TailOf, testing::Values(1u, 2u),
                         [](const auto& about) { return about.param == 1 ? "one" : "several"; });

TEST_P(TailOf, ANewRingIsItsFirstPosition) {
  for (std::uint32_t alignment = 8; alignment <= 4096; alignment *= 2) {
    TestRing channel(settings_with(GetParam(), 65536, alignment));
    EXPECT_EQ(ring::read_tail(channel.ring).position, layout::first_position(alignment));
    EXPECT_EQ(ring::read_tail(channel.ring).sequence, 0u);
  }
}

TEST_P(TailOf, ARingInItsFirstLapStays) {
  TestRing channel(settings_with(GetParam()));
  auto writer = channel.writer();
  while (channel.ring.control->publishers.claimed.load() < 3000) publish(writer, 100, 0);
  EXPECT_EQ(ring::read_tail(channel.ring).position, 0u);
}

// Whatever has been claimed, aborted and cut short: the tail is a boundary between two records and
// its number is that of the record there, and it lies neither before what is still there nor
// beyond what is finished.
TEST_P(TailOf, ALongHistoryIsABoundaryWithTheRightNumber) {
  std::mt19937 random(4711);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t capacity = std::uint64_t{4096} << random() % 4;
    const std::uint32_t alignment = 8u << random() % 5;
    TestRing channel(settings_with(GetParam(), capacity, alignment));
    auto writer = channel.writer();
    std::map<std::uint64_t, std::uint64_t> boundaries{{layout::first_position(alignment), 0}};
    const std::uint64_t largest = random() % 3 == 0 ? capacity / 4 : 200;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const std::uint64_t size = random() % (largest + 1);
      const ring::Room room = must_claim(writer, size);
      const std::uint64_t end = room.position + channel.ring.extent(16 + size);
      if (random() % 4 == 0) {
        writer.abort(room);
      } else {
        const std::uint64_t used = random() % 4 == 0 ? random() % (size + 1) : size;
        fill(channel.ring, room, i);
        writer.commit(room, used, 0);
        // A walk over finished records may stop between a short record and its skip.
        boundaries[room.position + channel.ring.extent(16 + used)] = i + 1;
      }
      boundaries[end] = i + 1;
      const ring::CountedBoundary tail = ring::read_tail(channel.ring);
      ASSERT_EQ(boundaries.count(tail.position), 1u) << "no boundary at " << tail.position;
      ASSERT_EQ(boundaries[tail.position], tail.sequence);
      ASSERT_LE(tail.position, end);
      ASSERT_LE(end + layout::kReserveBytes, tail.position + capacity);
    }
  }
}

// Nobody gates: what a newcomer at `oldest` finds is the ring but for what the publisher has
// looked ahead (a stride), the grain of the tail (a stride) and records that lie across.
TEST_P(TailOf, AnUngatedRingLeavesMostOfItsHistory) {
  for (const std::uint64_t size : {8u, 100u, 333u, 500u}) {
    TestRing channel(settings_with(GetParam(), 65536));
    auto writer = channel.writer();
    for (std::uint32_t i = 0; i < 5000; ++i) {
      publish(writer, size, i);
      const std::uint64_t end = channel.ring.control->publishers.claimed.load();
      if (end < 65536) continue;
      const std::uint64_t kept = end - ring::read_tail(channel.ring).position;
      ASSERT_GE(kept + 2 * layout::stride(65536) + 3 * (size + 24), 65536u) << size;
    }
  }
}

TEST_P(TailOf, ARingWhosePublisherWasReplacedIsStillABoundary) {
  TestRing channel(settings_with(GetParam()));
  std::map<std::uint64_t, std::uint64_t> boundaries{{0, 0}};
  std::uint64_t sequence = 0;
  for (int holder = 0; holder < 60; ++holder) {
    auto writer = channel.writer();
    for (int i = 0; i < 9; ++i) {
      const ring::Room room = must_claim(writer, 90);
      if (i == 8) break;  // dies with an open claim
      fill(channel.ring, room, 0);
      writer.commit(room, 90, 0);
      boundaries[room.position + 112] = ++sequence;
      const ring::CountedBoundary tail = ring::read_tail(channel.ring);
      ASSERT_EQ(boundaries.count(tail.position), 1u);
      ASSERT_EQ(boundaries[tail.position], tail.sequence);
    }
    ASSERT_TRUE(recover(channel.ring, 0));
    // Of one publisher's open claim nothing was visible; of several's it is aborted, with a number.
    const auto& line = channel.ring.control->publishers;
    sequence = line.sequence.load();
    boundaries[line.claimed.load()] = sequence;
  }
}

TEST(Tail, HalfWrittenByADeadPublisherIsNotSeen) {
  TestRing channel;
  ring::store_tail(channel.ring, {1000, 10});
  auto& tail = channel.ring.control->tail;
  // Dies in the middle of the next store: entry written, version not.
  tail.entry[(tail.version.load() + 1) & 1].position.store(77);
  EXPECT_EQ(ring::read_tail(channel.ring).position, 1000u);
  ring::store_tail(channel.ring, {2000, 20});
  EXPECT_EQ(ring::read_tail(channel.ring).position, 2000u);
  EXPECT_EQ(ring::read_tail(channel.ring).sequence, 20u);
}

TEST(BoundaryAtOrAfter, CountsRecordsButNotTheSkipsBetween) {
  TestRing channel;
  auto writer = channel.writer();
  for (int i = 0; i < 3; ++i) writer.commit(must_claim(writer, 104), 8, 0);  // 24 and a skip of 96
  const auto find = [&](std::uint64_t target) {
    return ring::boundary_at_or_after(channel.ring, {0, 0}, target, 360);
  };
  EXPECT_EQ(find(24).position, 24u);
  EXPECT_EQ(find(24).sequence, 1u);
  EXPECT_EQ(find(100).position, 120u);
  EXPECT_EQ(find(100).sequence, 1u);
  EXPECT_EQ(find(121).position, 144u);
  EXPECT_EQ(find(121).sequence, 2u);
  EXPECT_EQ(find(1000).position, 360u);
  EXPECT_EQ(find(1000).sequence, 3u);
}

TEST(BoundaryAtOrAfter, StopsBeforeAnOpenClaim) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer();
  publish(writer, 8, 0);
  must_claim(writer, 8);
  publish(writer, 8, 0);
  const Boundary found = ring::boundary_at_or_after(channel.ring, {0, 0}, 60, 72);
  EXPECT_EQ(found.position, 24u);
  EXPECT_EQ(found.sequence, 1u);
}

TEST(Checkpoints, AreAHalfStrideApart) {
  TestRing channel(settings_with(1, 65536));  // half a stride is 4096
  const auto& count = channel.ring.control->checkpoints.count;
  ring::note_checkpoint(channel.ring, {0, 0});
  ring::note_checkpoint(channel.ring, {4088, 1});
  EXPECT_EQ(count.load(), 1u);
  ring::note_checkpoint(channel.ring, {4096, 2});
  EXPECT_EQ(count.load(), 2u);
}

TEST(Checkpoints, SaveTheWalkOverTheRecordsBetween) {
  TestRing channel(settings_with(1, 65536));
  ring::note_checkpoint(channel.ring, {8192, 5});
  ring::note_checkpoint(channel.ring, {16384, 9});
  // There is no record at all: only the checkpoints can answer.
  const Boundary found = ring::boundary_at_or_after(channel.ring, {0, 0}, 8200, 20000);
  EXPECT_EQ(found.position, 16384u);
  EXPECT_EQ(found.sequence, 9u);
}

TEST(Checkpoints, BeyondTheEndAreNotUsed) {
  TestRing channel(settings_with(1, 65536));
  ring::note_checkpoint(channel.ring, {8192, 5});
  ring::note_checkpoint(channel.ring, {16384, 9});
  EXPECT_EQ(ring::boundary_at_or_after(channel.ring, {0, 0}, 8200, 9000).position, 8192u);
}

TEST(Checkpoints, OfADeadPublisherAreForgotten) {
  TestRing channel(settings_with(1, 65536));
  for (std::uint64_t i = 0; i < 40; ++i) ring::note_checkpoint(channel.ring, {i * 4096, i});
  ring::drop_checkpoints_beyond(channel.ring, 35 * 4096 + 8);
  EXPECT_EQ(channel.ring.control->checkpoints.count.load(), 36u);
  ring::drop_checkpoints_beyond(channel.ring, 0);  // no more than are remembered
  EXPECT_EQ(channel.ring.control->checkpoints.count.load(), 4u);
}

}  // namespace
}  // namespace busbar::test
