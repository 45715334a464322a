#include "daemon/segment_names.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace busbar::daemon {
namespace {

std::string shm_path(const std::string& name) {
  return "/dev/shm/" + name;
}

/// Of a socket that no broker has.
SegmentNames own_names() {
  return SegmentNames("test", "/nonexistent/" + std::to_string(::getpid()) + ".sock");
}

TEST(SegmentNames, TellsBusUserAndSocketApart) {
  const SegmentNames names("bus", "/run/a.sock");
  EXPECT_TRUE(names.prefix().starts_with("busbar-bus-" + std::to_string(::geteuid()) + "-"));
  EXPECT_NE(names.prefix(), SegmentNames("bus", "/run/b.sock").prefix());
  EXPECT_NE(names.prefix(), SegmentNames("bus2", "/run/a.sock").prefix());
}

TEST(SegmentNames, NeverRepeatsAName) {
  const SegmentNames names = own_names();
  EXPECT_NE(names.next(), names.next());
}

TEST(SegmentNames, KnowsItsOwnNamesFromOthers) {
  const SegmentNames names = own_names();
  EXPECT_TRUE(names.is_own(names.next() + "-ring"));
  EXPECT_TRUE(names.is_own(names.next() + "-seats"));
  EXPECT_FALSE(names.is_own(names.next()));
  EXPECT_FALSE(names.is_own(names.next() + "-rings"));
  EXPECT_FALSE(names.is_own(names.prefix() + "-ring"));
  EXPECT_FALSE(names.is_own(names.prefix() + "0123456789abcdeX-ring"));
  EXPECT_FALSE(names.is_own(SegmentNames("other", "/run/a.sock").next() + "-ring"));
}

TEST(SegmentNames, RemovesLeftoversOfItsOwnAndNothingElse) {
  const SegmentNames names = own_names();
  const std::string mine = names.next() + "-ring";
  const std::string foreign = "busbar-test-foreign-" + std::to_string(::getpid());
  std::ofstream(shm_path(mine)) << "x";
  std::ofstream(shm_path(foreign)) << "x";
  EXPECT_EQ(remove_leftovers(names), 1u);
  EXPECT_FALSE(std::filesystem::exists(shm_path(mine)));
  EXPECT_TRUE(std::filesystem::remove(shm_path(foreign)));
}

TEST(SegmentNames, LeavesALinkOfItsNameAlone) {
  const SegmentNames names = own_names();
  const std::string link = shm_path(names.next() + "-ring");
  std::filesystem::create_symlink("/dev/null", link);
  EXPECT_EQ(remove_leftovers(names), 0u);
  EXPECT_TRUE(std::filesystem::remove(link));
}

}  // namespace
}  // namespace busbar::daemon
