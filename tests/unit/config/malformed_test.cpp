#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/base/error.hpp"
#include "config/config_loader.hpp"
#include "tests/malformed/document.hpp"
#include "tests/malformed/malformed.hpp"

namespace busbar::config {
namespace {

constexpr std::uint64_t kHowMany = 4000;

std::string refusal(const std::string& text) {
  try {
    parse_config(text, "busbar.json");
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_argument);
    return error.what();
  }
}

TEST(MalformedConfig, ComesFromConfigurationsThatAreAccepted) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    test::Random random(seed);
    test::Value document = test::valid_document(random);
    const std::string text = render(document, random);
    EXPECT_NO_THROW(parse_config(text, "busbar.json")) << text;
  }
}

TEST(MalformedConfig, IsRefusedWithFileLineAndPointer) {
  std::set<std::string> kinds;
  for (std::uint64_t number = 0; number < kHowMany; ++number) {
    const test::Malformed config = test::malformed(number);
    const std::string place =
        "busbar.json:" + std::to_string(config.line) + ": " + config.pointer + ": ";
    const std::string words = refusal(config.text);
    EXPECT_THAT(words, ::testing::StartsWith(place)) << number << ", " << config.kind << ":\n"
                                                     << config.text.substr(0, 4000);
    EXPECT_LT(words.size(), 2000u) << number;
    kinds.insert(config.kind);
    if (HasNonfatalFailure()) break;  // one is enough to read
  }
  EXPECT_EQ(kinds.size(), test::malformed_kinds());
}

}  // namespace
}  // namespace busbar::config
