#include "daemon/notification.hpp"

#include <gtest/gtest.h>

namespace busbar::daemon {
namespace {

TEST(Notification, HasWholeLinesOnly) {
  const Notification notification("FDSTORE=1\nFDNAME=a");
  EXPECT_TRUE(notification.has("FDSTORE=1"));
  EXPECT_TRUE(notification.has("FDNAME=a"));
  EXPECT_FALSE(notification.has("FDSTORE="));
  EXPECT_FALSE(notification.has("FDSTORE=11"));
  EXPECT_FALSE(Notification("").has(""));
}

TEST(Notification, HasTheValueOfAName) {
  const Notification notification("FDNAMES=no\n\nFDNAME=a=b\nFDNAME=c\n");
  EXPECT_EQ(notification.value_of("FDNAME"), "a=b");
  EXPECT_EQ(notification.value_of("FDPOLL"), "");
  EXPECT_EQ(Notification("FDNAME").value_of("FDNAME"), "");
}

}  // namespace
}  // namespace busbar::daemon
