#include "common/base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>
#include <type_traits>

namespace busbar {
namespace {

TEST(ErrorTest, CarriesItsCodeAndItsTextAlone) {
  const Error error(Errc::too_large, "channel \"q\": too large; split it");
  EXPECT_EQ(error.errc(), Errc::too_large);
  EXPECT_STREQ(error.what(), "channel \"q\": too large; split it");
  EXPECT_EQ(error.code(), Errc::too_large);
  EXPECT_STREQ(error.code().category().name(), "busbar");
}

TEST(ErrorTest, IsASystemError) {
  try {
    throw Error(Errc::refused, "no");
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), make_error_code(Errc::refused));
    EXPECT_STREQ(error.what(), "no");
  }
}

TEST(ErrorTest, KeepsItsTextWhenCopied) {
  const auto copy = [] {
    const Error first(Errc::limit, std::string(500, 'x'));
    return Error(first);
  }();
  EXPECT_EQ(std::string(copy.what()), std::string(500, 'x'));
}

TEST(ErrorCategory, HasDifferentWordsForEachCode) {
  std::set<std::string> words;
  for (int value = 1; value <= 16; ++value) words.insert(error_category().message(value));
  EXPECT_EQ(words.size(), 16u);
  EXPECT_EQ(words.count("unknown busbar error"), 0u);
  EXPECT_EQ(error_category().message(0), "unknown busbar error");
  EXPECT_EQ(error_category().message(17), "unknown busbar error");
}

TEST(ErrorCategory, NumbersAreStable) {
  EXPECT_EQ(static_cast<int>(Errc::no_broker), 1);
  EXPECT_EQ(static_cast<int>(Errc::limit), 9);
  EXPECT_EQ(static_cast<int>(Errc::forked), 16);
}

TEST(SystemError, HasTheCallAndErrnosWords) {
  const Error error = system_error("mmap of 4096 bytes", ENOMEM);
  EXPECT_EQ(error.errc(), Errc::system);
  EXPECT_EQ(std::string(error.what()),
            "mmap of 4096 bytes: " + std::generic_category().message(ENOMEM));
}

}  // namespace
}  // namespace busbar
