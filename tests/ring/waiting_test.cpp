// SPDX-License-Identifier: Apache-2.0
#include "common/ring/waiting.hpp"

#include <gtest/gtest.h>

// The policies by themselves: what they do is asked for, what it came to is told. No clock is read.

namespace busbar::test {
namespace {

using namespace std::chrono_literals;
using ring::Rest;
using ring::Waiting;
using Kind = ring::Rest::Kind;

constexpr std::uint64_t kEnough = 1000;
constexpr auto kAlone = 400ns;  // a yield that nobody took
constexpr auto kTurn = 20us;    // one that a fellow took
constexpr auto kSlice = 3ms;    // one that somebody took who has no end of work
constexpr auto kBrief = 10us;
constexpr auto kLong = 10ms;

/// What a wait of which nothing comes does before it sleeps.
struct Course {
  std::uint32_t looks = 0;
  std::uint32_t pauses = 0;
  std::uint32_t yields = 0;
};

class ASide {
 public:
  explicit ASide(WaitPolicy policy, Waiting::Look look = Waiting::Look::record)
      : waiting(look, policy) {}

  void begin(std::uint64_t batch = 0, std::uint64_t records = 100) {
    position_ += batch;
    records_ += records;
    waiting.begin(position_, records_, kEnough);
  }
  /// Waits in vain until it is to sleep; each yield takes so long.
  Course until_sleep(std::chrono::nanoseconds yield = kAlone) {
    begin();
    Course course;
    for (Rest rest = waiting.next(); rest.kind != Kind::sleep; rest = waiting.next()) {
      ++course.looks;
      course.pauses += rest.pauses;
      if (rest.kind != Kind::yield) continue;
      ++course.yields;
      waiting.yielded(yield);
    }
    return course;
  }
  /// A wait that is over at its first look, and the batch that was taken before it.
  Rest hit_at_once(std::uint64_t batch) {
    begin(batch);
    return waiting.next();
  }
  void sleep_often(std::chrono::nanoseconds took, bool found = true) {
    for (int i = 0; i < 20; ++i) {
      until_sleep();
      waiting.slept(took, found);
    }
  }

  Waiting waiting;

 private:
  std::uint64_t position_ = 0;
  std::uint64_t records_ = 0;
};

TEST(Waiting, ByBalanceSpinsThenYieldsThenSleeps) {
  ASide side(WaitPolicy::balanced);
  side.begin();
  int stage = 0;
  for (Rest rest = side.waiting.next(); rest.kind != Kind::sleep; rest = side.waiting.next()) {
    EXPECT_GE(static_cast<int>(rest.kind), stage);
    stage = static_cast<int>(rest.kind);
    if (rest.kind == Kind::yield) side.waiting.yielded(kAlone);
  }
  EXPECT_EQ(stage, static_cast<int>(Kind::yield));
}

TEST(Waiting, ByPowerLooksTwiceAndSleeps) {
  ASide side(WaitPolicy::power);
  const Course course = side.until_sleep();
  EXPECT_EQ(course.looks, 2u);
  EXPECT_EQ(course.yields, 0u);
}

TEST(Waiting, ByLatencySpinsLongAfterOthersSleepAndYieldsNowAndThen) {
  ASide latency(WaitPolicy::latency);
  ASide balanced(WaitPolicy::balanced);
  latency.sleep_often(kLong);
  const Course course = latency.until_sleep();
  EXPECT_GT(course.pauses, 100 * balanced.until_sleep().pauses);
  EXPECT_GT(course.yields, 10u);
  EXPECT_LT(course.yields, course.looks / 100);
}

TEST(Waiting, LooksOftenInTheFirstMoments) {
  ASide side(WaitPolicy::balanced);
  side.begin();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(side.waiting.next(), (Rest{Kind::pause, 1}));
}

TEST(Waiting, LooksAtSeatsMoreRarelyThanAtARecord) {
  ASide seats(WaitPolicy::balanced, Waiting::Look::seats);
  seats.begin();
  EXPECT_GE(seats.waiting.next().pauses, 64u);
}

TEST(Waiting, SpinsLessAfterLongSleepsAndMoreAfterBriefOnes) {
  ASide slow(WaitPolicy::balanced);
  ASide quick(WaitPolicy::balanced);
  const Course fresh = slow.until_sleep();
  slow.sleep_often(kLong);
  quick.sleep_often(kBrief);
  EXPECT_LT(slow.until_sleep().pauses, fresh.pauses / 4);
  EXPECT_GT(slow.until_sleep().pauses, 0u);
  EXPECT_GT(quick.until_sleep().pauses, fresh.pauses);
}

TEST(Waiting, SpinsLessAfterTimeLimitsHoweverBrief) {
  ASide side(WaitPolicy::balanced);
  const Course fresh = side.until_sleep();
  side.sleep_often(kBrief, false);
  EXPECT_LT(side.until_sleep().pauses, fresh.pauses / 4);
}

TEST(Waiting, FindsItsWayBackToSpinningInTwoBriefSleeps) {
  ASide side(WaitPolicy::balanced);
  const Course fresh = side.until_sleep();
  side.sleep_often(kLong);
  for (int i = 0; i < 2; ++i) side.waiting.slept(kBrief, true);
  EXPECT_GE(side.until_sleep().pauses, fresh.pauses);
}

TEST(Waiting, YieldsAtOnceWhereAYieldWasTaken) {
  ASide side(WaitPolicy::balanced);
  side.until_sleep(kTurn);
  side.begin();
  EXPECT_EQ(side.waiting.next().kind, Kind::yield);
}

TEST(Waiting, SpinsAgainWhenNobodyTakesItsYields) {
  ASide side(WaitPolicy::balanced);
  side.until_sleep(kTurn);
  for (int i = 0; i < 8; ++i) side.waiting.yielded(kAlone);
  side.begin();
  EXPECT_EQ(side.waiting.next().kind, Kind::pause);
}

TEST(Waiting, ByLatencyYieldsToo) {
  ASide side(WaitPolicy::latency);
  side.until_sleep(kTurn);
  side.begin();
  EXPECT_EQ(side.waiting.next().kind, Kind::yield);
}

TEST(Waiting, SleepsInsteadOfYieldingBesideSomebodyWhoTakesWholeSlices) {
  ASide side(WaitPolicy::balanced);
  EXPECT_EQ(side.until_sleep(kSlice).yields, 1u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(side.until_sleep(kSlice).yields, 0u);
}

TEST(Waiting, ByLatencySleepsThereToo) {
  ASide side(WaitPolicy::latency);
  side.until_sleep(kSlice);
  const Course course = side.until_sleep(kSlice);
  EXPECT_EQ(course.yields, 0u);
  EXPECT_LT(course.looks, 10u);
}

TEST(Waiting, TriesAYieldAgainEverMoreRarely) {
  ASide side(WaitPolicy::balanced);
  int yields[2] = {};
  for (int& count : yields) {
    for (int i = 0; i < 200; ++i) count += static_cast<int>(side.until_sleep(kSlice).yields);
  }
  EXPECT_GT(yields[0], 1);
  EXPECT_LT(yields[1], yields[0]);
}

TEST(Waiting, GoesOnYieldingToAFellowWhoseSlicesBringMuch) {
  ASide side(WaitPolicy::balanced);
  for (int i = 0; i < 20; ++i) {
    side.begin(i == 0 ? 0 : 10 * kEnough);
    Rest rest = side.waiting.next();
    while (rest.kind == Kind::pause) rest = side.waiting.next();
    ASSERT_EQ(rest.kind, Kind::yield) << i;
    side.waiting.yielded(kSlice);
  }
}

TEST(Waiting, LetsABatchFormWhereItsFirstLookHitsAgainAndAgain) {
  ASide side(WaitPolicy::balanced);
  EXPECT_EQ(side.hit_at_once(10).pauses, 1u);
  std::uint32_t last = 0;
  for (int i = 0; i < 20; ++i) last = side.hit_at_once(10).pauses;
  EXPECT_GE(last, 32u);
  EXPECT_LE(last, 256u);
}

TEST(Waiting, LetsNoBatchFormInARoundTrip) {
  ASide side(WaitPolicy::balanced);
  for (int i = 0; i < 20; ++i) {
    side.begin(80);
    for (int look = 0; look < 4; ++look) EXPECT_EQ(side.waiting.next().pauses, 1u);
  }
}

// Who comes late finds the answer at the first look, and must not go on coming late for it.
TEST(Waiting, ForgetsADenseStreamInARoundTripToo) {
  ASide side(WaitPolicy::balanced);
  for (int i = 0; i < 20; ++i) side.hit_at_once(10);
  std::uint32_t last = 0;
  for (int i = 0; i < 6; ++i) {
    side.begin(10, 1);
    last = side.waiting.next().pauses;
  }
  EXPECT_LE(last, 8u);
}

TEST(Waiting, LetsNoBatchGrowThatIsLargeEnough) {
  ASide side(WaitPolicy::balanced);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(side.hit_at_once(kEnough).pauses, 1u);
}

TEST(Waiting, LetsTooLargeABatchShrink) {
  ASide side(WaitPolicy::balanced);
  for (int i = 0; i < 20; ++i) side.hit_at_once(10);
  std::uint32_t last = 0;
  for (int i = 0; i < 20; ++i) last = side.hit_at_once(3 * kEnough).pauses;
  EXPECT_EQ(last, 1u);
}

TEST(Waiting, ForgetsADenseStreamInAFewWaits) {
  ASide side(WaitPolicy::balanced);
  for (int i = 0; i < 20; ++i) side.hit_at_once(10);
  for (int i = 0; i < 3; ++i) {
    side.hit_at_once(10);
    side.waiting.next();
  }
  EXPECT_EQ(side.hit_at_once(10).pauses, 1u);
}

}  // namespace
}  // namespace busbar::test
