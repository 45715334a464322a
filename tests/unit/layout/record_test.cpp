#include "common/layout/record.hpp"

#include <gtest/gtest.h>

namespace busbar::layout {
namespace {

constexpr std::uint64_t kLongest = (std::uint64_t{1} << 40) - 1;

TEST(RecordWord, GivesBackWhatWasPutIn) {
  for (const auto state : {RecordState::empty, RecordState::claimed, RecordState::committed,
                           RecordState::aborted, RecordState::skip}) {
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{8}, kLongest}) {
      for (const std::uint32_t slot : {0u, 1u, 63u, 0xffffu}) {
        for (const std::uint64_t flags : {std::uint64_t{0}, kFlagEnd, std::uint64_t{15}}) {
          const Word word(state, length, slot, flags);
          EXPECT_EQ(word.state(), state);
          EXPECT_EQ(word.length(), length);
          EXPECT_EQ(word.slot(), slot);
          EXPECT_EQ(word.flags(), flags);
          EXPECT_EQ(Word(word.bits()).bits(), word.bits());
        }
      }
    }
  }
}

TEST(RecordWord, HasItsBitsWhereTheLayoutSaysSo) {
  EXPECT_EQ(Word(RecordState::committed, 0x18, 3, kFlagEnd).bits(), 0x0003'1200'0000'0018u);
  EXPECT_EQ(Word(RecordState::skip, kLongest, 0xffff).bits(), 0xffff'04ff'ffff'ffffu);
}

TEST(RecordWord, IsEmptyWhenItIsZero) {
  EXPECT_EQ(Word().bits(), 0u);
  EXPECT_EQ(Word().state(), RecordState::empty);
  EXPECT_EQ(Word(RecordState::empty, 0, 0).bits(), 0u);
}

TEST(RecordWord, DecodesAnyBitsWithoutHarm) {
  const Word word(~std::uint64_t{0});
  EXPECT_EQ(word.length(), kLongest);
  EXPECT_GT(word.state(), RecordState::skip);
  EXPECT_EQ(word.flags(), 15u);
  EXPECT_EQ(word.slot(), 0xffffu);
}

}  // namespace
}  // namespace busbar::layout
