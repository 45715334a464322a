#include "config/nearest_word.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace busbar::config {
namespace {

const std::vector<std::string> kWords{"capacity", "max_message", "max_publishers", "log"};

TEST(NearestWord, FindsAMisspelling) {
  EXPECT_EQ(nearest_word("capcity", kWords), "capacity");
  EXPECT_EQ(nearest_word("max_publisher", kWords), "max_publishers");
}

TEST(NearestWord, FindsNothingNearSomethingElse) {
  EXPECT_EQ(nearest_word("colour", kWords), "");
  EXPECT_EQ(nearest_word(std::string(100000, 'x'), kWords), "");
}

}  // namespace
}  // namespace busbar::config
