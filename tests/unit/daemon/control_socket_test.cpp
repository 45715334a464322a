#include "daemon/control_socket.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

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

std::string refusal_of(const std::string& path) {
  try {
    prepare_socket_path(path, {0600});
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::invalid_argument);
    return error.what();
  }
  return "";
}

TEST_F(ControlSocketTest, IsNotMadeInAFolderOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chown(directory.path().c_str(), 1234, 1234), 0);
  EXPECT_THAT(refusal_of(path), ::testing::HasSubstr(directory.path() + " belongs to user 1234"));
}

TEST_F(ControlSocketTest, IsNotMadeWhereEverybodyCouldReplaceIt) {
  ASSERT_EQ(::chmod(directory.path().c_str(), 0777), 0);
  EXPECT_THAT(refusal_of(path), ::testing::HasSubstr("written by everybody"));
  ASSERT_EQ(::chmod(directory.path().c_str(), 01777), 0);
  EXPECT_EQ(refusal_of(path), "");
}

/// Puts a link to `target` in the place of the socket that the next bind makes.
class Replacer {
 public:
  Replacer(const std::string& path, const std::string& target)
      : thread_([this, path, target] { replace(path, target); }) {
    while (!watching_) std::this_thread::yield();
  }
  ~Replacer() { thread_.join(); }
  Replacer(const Replacer&) = delete;
  Replacer& operator=(const Replacer&) = delete;

 private:
  void replace(const std::string& path, const std::string& target) {
    const std::string link = path + ".link";
    EXPECT_EQ(::symlink(target.c_str(), link.c_str()), 0);
    struct stat status {};
    do watching_ = true;
    while (::lstat(path.c_str(), &status) != 0);
    EXPECT_EQ(::rename(link.c_str(), path.c_str()), 0);
  }

  std::atomic<bool> watching_ = false;
  std::thread thread_;
};

TEST_F(ControlSocketTest, ChangesNothingThatIsPutInItsPlace) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string target = directory.path("target");
  std::ofstream(target) << "somebody's";
  ASSERT_EQ(::chmod(target.c_str(), 0600), 0);
  for (int round = 0; round < 500; ++round) {
    {
      std::optional<Replacer> replacer(std::in_place, path, target);
      const ControlSocket socket({path}, {0666, kSomeGroup});
      replacer.reset();
    }
    std::remove(path.c_str());
    ASSERT_EQ(status_of(target).st_mode & 07777, 0600u) << round;
    ASSERT_EQ(status_of(target).st_gid, 0u) << round;
  }
}

TEST_F(ControlSocketTest, DoesNotTouchAFolderThatWasThere) {
  prepare_socket_path(directory.path("s"), {0666});
  EXPECT_EQ(status_of(directory.path()).st_mode & 07777, 0700u);
}

}  // namespace
}  // namespace busbar::daemon
