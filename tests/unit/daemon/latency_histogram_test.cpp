#include "daemon/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace busbar::daemon {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, HasNothingToTellAtFirst) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.max(), 0us);
  EXPECT_EQ(histogram.percentile(0.99), 0us);
}

TEST(LatencyHistogram, CountsByPowersOfTwo) {
  LatencyHistogram histogram;
  for (const auto time : {999ns, 1000ns, 1999ns, 2000ns, 3999ns, 4000ns}) histogram.record(time);
  EXPECT_EQ(histogram.buckets()[0], 1u);
  EXPECT_EQ(histogram.buckets()[1], 2u);
  EXPECT_EQ(histogram.buckets()[2], 2u);
  EXPECT_EQ(histogram.buckets()[3], 1u);
}

TEST(LatencyHistogram, KnowsItsLongestRoundedUp) {
  LatencyHistogram histogram;
  histogram.record(7001ns);
  histogram.record(3ns);
  EXPECT_EQ(histogram.max(), 8us);
}

TEST(LatencyHistogram, TellsWhatAShareOfThemTookAtMost) {
  LatencyHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.record(10us);
  histogram.record(5ms);
  EXPECT_EQ(histogram.percentile(0.5), 16us);
  EXPECT_EQ(histogram.percentile(0.99), 16us);
  EXPECT_EQ(histogram.percentile(1.0), 5ms);
}

TEST(LatencyHistogram, NeverTellsMoreThanTheLongest) {
  LatencyHistogram histogram;
  histogram.record(9us);
  EXPECT_EQ(histogram.percentile(0.5), 9us);
}

TEST(LatencyHistogram, TakesWhatIsOutOfItsRange) {
  LatencyHistogram histogram;
  histogram.record(-1ns);
  histogram.record(std::chrono::nanoseconds::max());
  EXPECT_EQ(histogram.buckets().front(), 1u);
  EXPECT_EQ(histogram.buckets().back(), 1u);
}

}  // namespace
}  // namespace busbar::daemon
