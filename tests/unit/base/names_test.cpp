#include "common/base/names.hpp"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"

namespace busbar {
namespace {

TEST(ChannelNames, MayHaveLettersDigitsDashesUnderscoresAndDots) {
  for (const char* name : {"a", "Z", "0", "_", "-", "quotes", "a.b.c", "x-1_y.Z", "a.", "a..b"}) {
    EXPECT_TRUE(is_channel_name(name)) << name;
  }
}

TEST(ChannelNames, MayNotBeginWithADot) {
  EXPECT_FALSE(is_channel_name(".a"));
  EXPECT_FALSE(is_channel_name(".."));
}

TEST(ChannelNames, HaveNoOtherCharacters) {
  for (const char* name : {"", "a b", "a/b", "../x", "a\n", "\xc3\xa4", "a:b", "a%", "a\x7f"}) {
    EXPECT_FALSE(is_channel_name(name)) << name;
  }
  EXPECT_FALSE(is_channel_name(std::string_view("a\0b", 3)));
}

TEST(ChannelNames, EndAt128Bytes) {
  EXPECT_TRUE(is_channel_name(std::string(128, 'a')));
  EXPECT_FALSE(is_channel_name(std::string(129, 'a')));
}

TEST(BusNames, HaveNoDotsAndEndAt64Bytes) {
  EXPECT_TRUE(is_bus_name("feed-1_a"));
  EXPECT_FALSE(is_bus_name("feed.1"));
  EXPECT_FALSE(is_bus_name(""));
  EXPECT_TRUE(is_bus_name(std::string(64, 'b')));
  EXPECT_FALSE(is_bus_name(std::string(65, 'b')));
}

TEST(Quoted, EscapesEverythingButPrintableAscii) {
  EXPECT_EQ(busbar::quoted("plain"), "\"plain\"");
  EXPECT_EQ(busbar::quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(busbar::quoted("\x1b[31m\n\xff"), "\"\\x1b[31m\\x0a\\xff\"");
  EXPECT_EQ(busbar::quoted(std::string_view("\0", 1)), "\"\\x00\"");
}

TEST(Quoted, CutsLongTextsAndSaysSo) {
  EXPECT_EQ(busbar::quoted(std::string(160, 'x')), "\"" + std::string(160, 'x') + "\"");
  EXPECT_EQ(busbar::quoted(std::string(161, 'x')), "\"" + std::string(160, 'x') + "\"...");
}

TEST(RequireChannelName, SaysTheNameAndTheRule) {
  EXPECT_NO_THROW(require_channel_name("good"));
  try {
    require_channel_name("bad name\n");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_name);
    const std::string text = error.what();
    EXPECT_NE(text.find("\"bad name\\x0a\""), std::string::npos) << text;
    EXPECT_NE(text.find("128"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace busbar
