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

}  // namespace
}  // namespace busbar::hot
