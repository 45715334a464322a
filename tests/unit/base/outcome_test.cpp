#include "common/base/outcome.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace busbar {
namespace {

TEST(OutcomeText, IsTheEnumeratorsName) {
  EXPECT_EQ(to_string(Outcome::ok), "ok");
  EXPECT_EQ(to_string(Outcome::too_many_held), "too_many_held");
  EXPECT_EQ(to_string(Outcome::closed), "closed");
}

TEST(OutcomeText, IsDifferentForEachOutcome) {
  std::set<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(Outcome::closed); ++value) {
    names.insert(to_string(static_cast<Outcome>(value)));
  }
  EXPECT_EQ(names.size(), 11u);
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(OutcomeText, OfABadNumberIsUnknown) {
  EXPECT_EQ(to_string(static_cast<Outcome>(200)), "unknown");
}

}  // namespace
}  // namespace busbar
