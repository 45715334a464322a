#include "cli/rough_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace busbar::cli {
namespace {

using std::chrono::milliseconds;

TEST(RoughText, TellsSizesInTheLargestUnitThatFits) {
  EXPECT_EQ(rough_text(std::uint64_t{0}), "0");
  EXPECT_EQ(rough_text(std::uint64_t{1023}), "1023");
  EXPECT_EQ(rough_text(std::uint64_t{1024}), "1KiB");
  EXPECT_EQ(rough_text(std::uint64_t{1258292}), "1.2MiB");
  EXPECT_EQ(rough_text((std::uint64_t{1} << 20) - 1), "1023.9KiB");
}

TEST(RoughText, TellsTimesInTheLargestUnitThatFits) {
  EXPECT_EQ(rough_text(milliseconds(0)), "0ms");
  EXPECT_EQ(rough_text(milliseconds(999)), "999ms");
  EXPECT_EQ(rough_text(milliseconds(9'876)), "9.8s");
  EXPECT_EQ(rough_text(milliseconds(90'000)), "1.5min");
  EXPECT_EQ(rough_text(milliseconds(7'200'000)), "2h");
}

TEST(RoughText, StandsAtTheEndsOfTheRange) {
  EXPECT_EQ(rough_text(std::numeric_limits<std::uint64_t>::max()), "16777215.9TiB");
  EXPECT_EQ(rough_text(milliseconds(-5)), "0ms");
  EXPECT_NE(rough_text(milliseconds::max()), "");
}

}  // namespace
}  // namespace busbar::cli
