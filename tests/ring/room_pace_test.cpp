// SPDX-License-Identifier: Apache-2.0
#include "common/ring/room_pace.hpp"

#include <gtest/gtest.h>

namespace busbar::test {
namespace {

using ring::RoomPace;

constexpr std::uint64_t kRing = 4 << 20;
constexpr std::uint64_t kEnough = 1000;
constexpr std::uint64_t kLittle = 80;
constexpr std::uint64_t kALot = 64 << 10;

void gain(RoomPace& pace, std::uint64_t bytes) {
  for (int look = 0; look < 20; ++look) pace.gained(bytes, kEnough);
}

TEST(RoomPace, LooksAtOnceAsLongAsThereIsRoom) {
  RoomPace pace(kRing);
  EXPECT_EQ(pace.pauses(), 0u);
  gain(pace, kALot);
  EXPECT_EQ(pace.pauses(), 0u);
}

TEST(RoomPace, LooksMoreRarelyWhereEachLookFindsRoomForOne) {
  RoomPace pace(kRing);
  pace.gained(kLittle, kEnough);
  const std::uint32_t first = pace.pauses();
  EXPECT_GT(first, 0u);
  gain(pace, kLittle);
  EXPECT_GT(pace.pauses(), first);
  EXPECT_LE(pace.pauses(), 256u);
}

TEST(RoomPace, StaysAsItIsWhereLooksFindEnough) {
  RoomPace pace(kRing);
  for (int look = 0; look < 3; ++look) pace.gained(kLittle, kEnough);
  const std::uint32_t before = pace.pauses();
  gain(pace, kEnough);
  EXPECT_EQ(pace.pauses(), before);
}

TEST(RoomPace, LooksAtOnceAgainWhenThereIsALot) {
  RoomPace pace(kRing);
  gain(pace, kLittle);
  gain(pace, kALot);
  EXPECT_EQ(pace.pauses(), 0u);
}

TEST(RoomPace, LetsNoReaderComeToTheEndOfASmallRing) {
  RoomPace small(64 << 10), large(kRing);
  gain(small, kLittle);
  gain(large, kLittle);
  EXPECT_LE(small.pauses() * 16, large.pauses());
}

TEST(RoomPace, NeverWaitsUnderThePolicyLatency) {
  RoomPace pace(kRing);
  pace.set_policy(WaitPolicy::latency);
  gain(pace, kLittle);
  EXPECT_EQ(pace.pauses(), 0u);
}

}  // namespace
}  // namespace busbar::test
