#include "common/base/deadline.hpp"

#include <gtest/gtest.h>

namespace busbar {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(Deadline, OfNeverIsNeverPassed) {
  EXPECT_FALSE(Deadline::never().passed());
  EXPECT_EQ(Deadline::never().left(7s), nanoseconds(7s));
}

TEST(Deadline, OfZeroHasPassedAtOnce) {
  EXPECT_TRUE(Deadline::after(0ns).passed());
  EXPECT_EQ(Deadline::after(0ns).left(1s), 0ns);
}

TEST(Deadline, OfANegativeSpanHasPassed) {
  const Deadline deadline = Deadline::after(-5s);
  EXPECT_TRUE(deadline.passed());
  EXPECT_EQ(deadline.left(1s), 0ns);
}

TEST(Deadline, OfALongTimeHasTimeLeftWithinTheBound) {
  const Deadline deadline = Deadline::after(1h);
  EXPECT_FALSE(deadline.passed());
  EXPECT_EQ(deadline.left(10ms), nanoseconds(10ms));
  EXPECT_LE(deadline.left(2h), nanoseconds(1h));
  EXPECT_GT(deadline.left(2h), nanoseconds::zero());
}

TEST(Deadline, BeyondTheClockMeansNever) {
  const Deadline deadline = Deadline::after(nanoseconds::max());
  EXPECT_FALSE(deadline.passed());
  EXPECT_EQ(deadline.left(nanoseconds::max()), nanoseconds::max());
}

TEST(Deadline, OfAMomentPasses) {
  const Deadline deadline = Deadline::after(1us);
  while (!deadline.passed()) {
  }
  EXPECT_EQ(deadline.left(1s), 0ns);
}

}  // namespace
}  // namespace busbar
