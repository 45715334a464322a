#include "common/base/units.hpp"

#include <gtest/gtest.h>

#include <string>

#include "common/base/rough_size.hpp"

namespace busbar {
namespace {

using namespace std::chrono_literals;

TEST(ParseSize, ReadsPlainNumbersAsBytes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("512B"), 512u);
}

TEST(ParseSize, KnowsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("3MiB"), 3u << 20);
  EXPECT_EQ(parse_size("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(parse_size("1TiB"), std::uint64_t{1} << 40);
  EXPECT_EQ(parse_size("1kB"), 1000u);
  EXPECT_EQ(parse_size("5MB"), 5'000'000u);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(parse_size("1TB"), 1'000'000'000'000u);
}

TEST(ParseSize, TakesFractionsThatAreWholeBytes) {
  EXPECT_EQ(parse_size("1.5MiB"), 1572864u);
  EXPECT_EQ(parse_size("0.5KiB"), 512u);
  EXPECT_FALSE(parse_size("0.1KiB"));
  EXPECT_FALSE(parse_size("1.5"));
}

TEST(ParseSize, TakesDecimalFractionsThatBinaryNumbersOnlyComeNear) {
  EXPECT_EQ(parse_size("16.1kB"), 16100u);
  EXPECT_EQ(parse_size("256.7kB"), 256700u);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text :
       {"",     " ",   "KiB", "-1",  "+1",     "1K",      "1kib",  "1KIB", "64 KiB ", "1  KiB",
        "0x10", "1e3", "nan", "inf", "1,5MiB", "1..5MiB", ".5MiB", "12ms", "1 2",     "1KiBx"}) {
    EXPECT_FALSE(parse_size(text)) << '"' << text << '"';
  }
  EXPECT_FALSE(parse_size(std::string_view("1\0", 2)));
}

TEST(ParseSize, RefusesWhatItCannotHoldExactly) {
  EXPECT_EQ(parse_size("9007199254740993"), 9007199254740993u);
  EXPECT_EQ(parse_size("9223372036854775807"), 9223372036854775807u);
  EXPECT_FALSE(parse_size("9223372036854775808"));
  EXPECT_FALSE(parse_size("18446744073709551616"));
  EXPECT_FALSE(parse_size("8388608TiB"));
  EXPECT_FALSE(parse_size("18014398509481985KiB"));
  EXPECT_FALSE(parse_size("1.0000001MiB"));
  EXPECT_FALSE(parse_size(std::string(400, '9')));
}

TEST(ParseSize, DoesNotReadBehindAViewsEnd) {
  const std::string_view text = "64KiB";
  EXPECT_EQ(parse_size(text.substr(0, 2)), 64u);
}

TEST(ParseDuration, KnowsItsUnits) {
  EXPECT_EQ(parse_duration("100ns"), 100ns);
  EXPECT_EQ(parse_duration("10us"), 10us);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("2min"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
}

TEST(ParseDuration, TakesFractions) {
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.25ms"), 250us);
  EXPECT_FALSE(parse_duration("0.5ns"));
}

TEST(ParseDuration, TakesDecimalFractionsThatBinaryNumbersOnlyComeNear) {
  EXPECT_EQ(parse_duration("16.1us"), 16100ns);
  EXPECT_EQ(parse_duration("32.3us"), 32300ns);
}

TEST(ParseDuration, WantsAUnitExceptForZero) {
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_FALSE(parse_duration("5"));
  EXPECT_FALSE(parse_duration("00"));
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "-5s", "+5s", "5S", "5sec", "5m", "5KiB", "5s ", "5 min 3s",
                           "1e3s", "infs", "nan", "1:30"}) {
    EXPECT_FALSE(parse_duration(text)) << '"' << text << '"';
  }
}

TEST(ParseDuration, RefusesOverflow) {
  EXPECT_EQ(parse_duration("2500000h"), 2500000h);
  EXPECT_FALSE(parse_duration("2562048h"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
}

TEST(SizeText, IsTheShortestExactForm) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(65536), "64KiB");
  EXPECT_EQ(size_text(std::uint64_t{3} << 30), "3GiB");
  EXPECT_EQ(size_text(1536), "1536");
  EXPECT_EQ(size_text(std::uint64_t{1} << 52), "4096TiB");
}

TEST(SizeText, IsReadBackAsTheSameNumber) {
  for (std::uint64_t bytes = 1; bytes < std::uint64_t{1} << 52; bytes = bytes * 3 + 1) {
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
    EXPECT_EQ(parse_size(size_text(bytes & ~std::uint64_t{1023})), bytes & ~std::uint64_t{1023});
  }
}

TEST(DurationText, IsTheShortestExactForm) {
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(1ns), "1ns");
}

TEST(DurationText, IsReadBackAsTheSameTime) {
  for (const auto span : {0ns, 1ns, 1001ns, std::chrono::nanoseconds(7us), 8ns * 125'000'000}) {
    EXPECT_EQ(parse_duration(duration_text(span)), span);
  }
}

TEST(RoughSizeText, HasThreeDigitsAtMostAndNeverRoundsUp) {
  EXPECT_EQ(rough_size_text(0), "0");
  EXPECT_EQ(rough_size_text(512), "512");
  EXPECT_EQ(rough_size_text(1024), "1KiB");
  EXPECT_EQ(rough_size_text(3758096384), "3.5GiB");
  EXPECT_EQ(rough_size_text((10u << 20) + 900000), "10MiB");
  EXPECT_EQ(rough_size_text(2047), "1.9KiB");
}

}  // namespace
}  // namespace busbar
