#include "common/layout/geometry.hpp"

#include <gtest/gtest.h>

namespace busbar::layout {
namespace {

TEST(AlignUp, GoesToTheNextMultipleAndStaysOnOne) {
  EXPECT_EQ(align_up(0, 8), 0u);
  EXPECT_EQ(align_up(1, 8), 8u);
  EXPECT_EQ(align_up(8, 8), 8u);
  EXPECT_EQ(align_up(4097, 4096), 8192u);
}

TEST(PowerOfTwo, IsNeitherZeroNorASum) {
  EXPECT_FALSE(is_power_of_two(0));
  EXPECT_TRUE(is_power_of_two(1));
  EXPECT_TRUE(is_power_of_two(std::uint64_t{1} << 63));
  EXPECT_FALSE(is_power_of_two(4095));
  EXPECT_FALSE(is_power_of_two(~std::uint64_t{0}));
}

TEST(Geometry, AlignsEveryPayloadWhateverTheRecordsBefore) {
  for (std::uint32_t alignment = kMinAlignment; alignment <= kMaxAlignment; alignment *= 2) {
    std::uint64_t position = first_position(alignment);
    EXPECT_LT(position, alignment);
    for (std::uint64_t size = 0; size < 200; size += 7) {
      EXPECT_EQ((position + kHeaderBytes) % alignment, 0u) << alignment;
      position += extent(kHeaderBytes + size, alignment);
    }
  }
}

TEST(Geometry, ExtentsHoldTheirRecordAndWasteLessThanTheAlignment) {
  for (std::uint32_t alignment = kMinAlignment; alignment <= kMaxAlignment; alignment *= 2) {
    for (std::uint64_t length = kHeaderBytes; length < 300; ++length) {
      EXPECT_GE(extent(length, alignment), length);
      EXPECT_LT(extent(length, alignment), length + alignment);
      EXPECT_EQ(extent(length, alignment) % alignment, 0u);
    }
  }
}

TEST(Geometry, RingSegmentHasWholePagesAndNothingOverlaps) {
  for (std::uint32_t publishers = 1; publishers <= kMaxPublishers; ++publishers) {
    EXPECT_EQ(data_offset(publishers) % kPage, 0u);
    EXPECT_GE(data_offset(publishers), kSlotsOffset + publishers * sizeof(PublisherSlot));
    EXPECT_EQ(ring_segment_bytes(kMinCapacity, publishers), data_offset(publishers) + kMinCapacity);
  }
  EXPECT_GE(kControlOffset, sizeof(RingDescriptor));
}

TEST(Geometry, SeatsSegmentHasWholePagesAndNothingOverlaps) {
  for (const std::uint32_t publishers : {1u, 2u, 63u, kMaxPublishers}) {
    EXPECT_EQ(seats_offset(publishers) % kLine, 0u);
    EXPECT_GE(seats_offset(publishers), kDoorbellsOffset + publishers * sizeof(PublisherDoorbell));
    for (const std::uint32_t subscribers : {1u, 64u, 65u, kMaxSubscribers}) {
      const std::uint64_t bytes = seats_segment_bytes(publishers, subscribers);
      EXPECT_EQ(bytes % kPage, 0u);
      EXPECT_GE(bytes, seats_offset(publishers) + subscribers * sizeof(Seat));
    }
  }
  EXPECT_GE(kSeatsControlOffset, sizeof(SeatsDescriptor));
}

TEST(Geometry, StrideIsAnEighthOfTheCapacity) {
  EXPECT_EQ(stride(4096), 512u);
  EXPECT_EQ(stride(kMaxCapacity), kMaxCapacity / 8);
}

TEST(Geometry, CheckpointsReachOverMoreThanOneLap) {
  // One about every half stride: fewer than a lap's worth would leave the tail only slow walks.
  EXPECT_GT(kCheckpoints * (stride(kMinCapacity) / 2), kMinCapacity);
}

TEST(Geometry, LinesOfDifferentWritersAreApart) {
  EXPECT_GE(offsetof(RingControl, tail) - offsetof(RingControl, publishers), kLine);
  EXPECT_GE(offsetof(RingControl, mutex) - offsetof(RingControl, tail), kLine);
  EXPECT_EQ(alignof(Seat), kLine);
  EXPECT_GE(offsetof(Seat, pin) - offsetof(Seat, cursor), kCacheLine);
  EXPECT_GE(offsetof(Seat, bell) - offsetof(Seat, word), kCacheLine);
}

}  // namespace
}  // namespace busbar::layout
