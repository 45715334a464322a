#include "daemon/complaints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace busbar::daemon {
namespace {

using std::chrono_literals::operator""s;
using ::testing::HasSubstr;

std::vector<std::string>& lines() {
  static std::vector<std::string> all;
  return all;
}

class ComplaintsTest : public ::testing::Test {
 protected:
  ComplaintsTest() { lines().clear(); }

  void complain(uid_t user, int times, Complaints::Clock::time_point when) {
    for (int i = 0; i < times; ++i) complaints.about(user, "no", when);
  }

  Complaints complaints{[](const std::string& text) { lines().push_back(text); }};
  const Complaints::Clock::time_point start{1000s};
};

TEST_F(ComplaintsTest, AreLoggedOneByOneWhileTheyAreFew) {
  complain(1001, 5, start);
  EXPECT_EQ(lines(), std::vector<std::string>(5, "no"));
}

TEST_F(ComplaintsTest, OfOneUserAreBoundedInAMinute) {
  complain(1001, 100'000, start);
  ASSERT_EQ(lines().size(), 21u);
  EXPECT_EQ(lines().back(), "uid 1001: no more of these for a minute");
}

TEST_F(ComplaintsTest, AboutAnotherUserAreStillLogged) {
  complain(1001, 100, start);
  lines().clear();
  complain(1002, 1, start);
  EXPECT_EQ(lines(), std::vector<std::string>{"no"});
}

TEST_F(ComplaintsTest, TellHowManyWereNotLogged) {
  complain(1001, 120, start);
  lines().clear();
  complain(1001, 1, start + 60s);
  EXPECT_EQ(lines(),
            (std::vector<std::string>{"uid 1001: 100 more of these were not logged", "no"}));
}

}  // namespace
}  // namespace busbar::daemon
