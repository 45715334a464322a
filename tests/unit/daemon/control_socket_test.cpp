#include "daemon/control_socket.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "common/base/error.hpp"
#include "daemon/log.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::daemon {
namespace {

constexpr gid_t kSomeGroup = 54321;

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

struct ControlSocketTest : ::testing::Test {
  test::TemporaryDirectory directory;
  std::string path = directory.path("control.sock");
};

TEST_F(ControlSocketTest, HasTheModeThatWasAskedForAndTheProcesssGroup) {
  const ControlSocket socket({path}, {0640});
  EXPECT_EQ(status_of(path).st_mode & 07777, 0640u);
  EXPECT_EQ(status_of(path).st_gid, ::getegid());
}

TEST_F(ControlSocketTest, IsGivenToAGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const ControlSocket socket({path}, {0660, kSomeGroup});
  EXPECT_EQ(status_of(path).st_mode & 07777, 0660u);
  EXPECT_EQ(status_of(path).st_gid, kSomeGroup);
}

TEST_F(ControlSocketTest, IsNotLeftBehindIfItCannotBeGivenToAGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chmod(directory.path().c_str(), 0777), 0);
  const auto as_nobody = [&] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) std::exit(1);
    try {
      const ControlSocket socket({path}, {0660, kSomeGroup});
    } catch (const Error& error) {
      std::cerr << error.what();
      std::exit(::access(path.c_str(), F_OK) == 0 ? 1 : 3);
    }
    std::exit(0);
  };
  EXPECT_EXIT(as_nobody(), ::testing::ExitedWithCode(3),
              "to the group 54321 \\(bus.socket_group\\): .*has to be a member of that group");
}

TEST_F(ControlSocketTest, HasAFolderThatThoseMayPassWhoMayUseIt) {
  const auto mode_for = [&](const std::string& folder, mode_t mode) {
    prepare_socket_path(directory.path(folder) + "/s", {mode});
    return status_of(directory.path(folder)).st_mode & 07777;
  };
  EXPECT_EQ(mode_for("own", 0600), 0700u);
  EXPECT_EQ(mode_for("group", 0660), 0750u);
  EXPECT_EQ(mode_for("all", 0666), 0755u);
}

TEST_F(ControlSocketTest, HasAFolderOfItsGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  prepare_socket_path(directory.path("new/s"), {0660, kSomeGroup});
  EXPECT_EQ(status_of(directory.path("new")).st_gid, kSomeGroup);
}

TEST_F(ControlSocketTest, IsNotWarnedOfInAnOrdinaryPrivateFolder) {
  ::testing::internal::CaptureStderr();
  set_up_log({});
  prepare_socket_path(path, {0660});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(ControlSocketTest, WarnsOfAFolderThatKeepsItsUsersOut) {
  for (const SocketRights& rights : {SocketRights{0660, kSomeGroup}, SocketRights{0666}}) {
    ::testing::internal::CaptureStderr();
    set_up_log({});
    prepare_socket_path(path, rights);
    const std::string words = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(words, ::testing::HasSubstr("may pass its folder " + directory.path()));
  }
}

TEST_F(ControlSocketTest, DoesNotTouchAFolderThatWasThere) {
  prepare_socket_path(directory.path("s"), {0666});
  EXPECT_EQ(status_of(directory.path()).st_mode & 07777, 0700u);
}

}  // namespace
}  // namespace busbar::daemon
