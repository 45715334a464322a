#include "common/hot/reading.hpp"

#include <gtest/gtest.h>

namespace busbar::hot {
namespace {

constexpr int kEmpty = 0;

Reading batching() {
  Reading reading;
  reading.most_pauses = 64;
  return reading;
}

TEST(Reading, WaitsForNoBatchWhereMessagesComeOneByOne) {
  Reading reading = batching();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(reading.lets_batch_form(1));
    reading.lets_batch_form(kEmpty);
  }
}

TEST(Reading, WaitsForABatchInAStreamAtFullSpeed) {
  Reading reading = batching();
  EXPECT_TRUE(reading.lets_batch_form(100));
  EXPECT_TRUE(reading.lets_batch_form(3));
}

TEST(Reading, WaitsForABatchAtThePublishersHeels) {
  Reading reading = batching();
  bool waited = false;
  for (int look = 0; look < 20; ++look) waited = reading.lets_batch_form(2) || waited;
  EXPECT_TRUE(waited);
}

TEST(Reading, WaitsNoMoreOnceNothingHasCome) {
  Reading reading = batching();
  EXPECT_TRUE(reading.lets_batch_form(16));
  EXPECT_FALSE(reading.lets_batch_form(kEmpty));
  EXPECT_FALSE(reading.lets_batch_form(1));
}

TEST(Reading, WaitsForNoBatchBehindAWaitOfItsOwner) {
  Reading reading = batching();
  for (int i = 0; i < 100; ++i) {
    reading.waited();
    EXPECT_FALSE(reading.lets_batch_form(4));
  }
}

TEST(Reading, NeverWaitsUnderThePolicyLatency) {
  Reading reading = batching();
  reading.most_pauses = 0;
  EXPECT_FALSE(reading.lets_batch_form(1000));
}

TEST(Reading, WaitsLongerWhereBatchesAreSmallUpToALimit) {
  Reading reading = batching();
  const int first = reading.pauses;
  for (int i = 0; i < 10; ++i) reading.lets_batch_form(20);
  EXPECT_GT(reading.pauses, first);
  EXPECT_LE(reading.pauses, 64);
  for (int i = 0; i < 10; ++i) reading.lets_batch_form(5000);
  EXPECT_EQ(reading.pauses, first);
}

using layout::RecordState;
using layout::Word;

/// A ring of which a few headers are written.
class LikeTheLast : public testing::Test {
 protected:
  LikeTheLast() {
    reading.data = reinterpret_cast<const std::byte*>(headers_);
    reading.mask = sizeof headers_ - 1;
    reading.grain = 7;
    reading.capacity = sizeof headers_;
  }
  Word put(std::uint64_t position, RecordState state, std::uint64_t size, std::uint32_t sequence,
           std::uint32_t slot = 0) {
    const Word word(state, layout::kHeaderBytes + size, slot);
    layout::RecordHeader& header = headers_[position / sizeof(layout::RecordHeader)];
    header.word = word.bits();
    header.type = 7;
    header.sequence = sequence;
    return word;
  }

  Reading reading;

 private:
  layout::RecordHeader headers_[64] = {};
};

TEST_F(LikeTheLast, IsNothingBeforeAMessageWasRead) {
  for (const std::uint64_t bits :
       {std::uint64_t{0}, std::uint64_t{0xffff} << 48, ~std::uint64_t{0}}) {
    EXPECT_FALSE(Reading::is(Word(bits), {})) << bits;
  }
}

TEST_F(LikeTheLast, IsAMessageOfTheSameLengthFromWhoeverItComes) {
  const Reading::Like like = reading.like(put(0, RecordState::committed, 32, 0, 1));
  EXPECT_TRUE(Reading::is(put(48, RecordState::committed, 32, 1, 2), like));
  EXPECT_FALSE(Reading::is(put(48, RecordState::committed, 31, 1, 1), like));
}

TEST_F(LikeTheLast, IsNeitherASkipNorAnAbortedClaimNorTheEnd) {
  const Reading::Like like = reading.like(put(0, RecordState::committed, 32, 0));
  for (const RecordState state :
       {RecordState::empty, RecordState::claimed, RecordState::aborted, RecordState::skip}) {
    EXPECT_FALSE(Reading::is(put(48, state, 32, 1), like));
  }
  EXPECT_FALSE(Reading::is(Word(RecordState::committed, 48, 0, layout::kFlagEnd), like));
}

TEST_F(LikeTheLast, IsReadLikeAnyOther) {
  put(0, RecordState::committed, 30, 5);
  put(48, RecordState::committed, 30, 6);
  reading.sequence = 5;
  Reading step = reading;
  const Reading::Like like = reading.like(reading.look());
  for (int i = 0; i < 2; ++i) {
    Record expected, found;
    ASSERT_TRUE(step.next(expected));
    ASSERT_TRUE(Reading::is(reading.look(), like));
    reading.take(like, found);
    EXPECT_EQ(found.position, expected.position);
    EXPECT_EQ(found.end, expected.end);
    EXPECT_EQ(found.sequence, expected.sequence);
    EXPECT_EQ(found.size, expected.size);
    EXPECT_EQ(found.type, expected.type);
    EXPECT_EQ(reading.position, step.position);
    EXPECT_EQ(reading.sequence, step.sequence);
  }
}

TEST_F(LikeTheLast, HasItsOwnNumberWhereOthersWereAborted) {
  const std::uint64_t before = (std::uint64_t{1} << 32) - 1;
  put(0, RecordState::committed, 32, 2);
  reading.sequence = before;
  Record record;
  reading.take(reading.like(reading.look()), record);
  EXPECT_EQ(record.sequence, before + 3);
  EXPECT_EQ(reading.sequence, before + 4);
}

}  // namespace
}  // namespace busbar::hot
