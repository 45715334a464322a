#include "daemon/socket_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

class SocketLockTest : public ::testing::Test {
 protected:
  SocketLockTest() {
    std::string pattern = "/tmp/busbar-lock-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    socket = folder + "/control.sock";
  }
  ~SocketLockTest() override { std::filesystem::remove_all(folder); }

  std::string folder;
  std::string socket;
};

TEST_F(SocketLockTest, IsOnePathsAlone) {
  const SocketLock first(socket);
  const SocketLock other(folder + "/other.sock");
}

TEST_F(SocketLockTest, NamesTheBrokerThatHasIt) {
  const SocketLock first(socket);
  try {
    const SocketLock second(socket);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::in_use);
    EXPECT_EQ(std::string(error.what()), "control socket " + socket +
                                             " is in use by a broker (pid " +
                                             std::to_string(::getpid()) +
                                             "); use that one, stop it, or give another --socket");
  }
}

TEST_F(SocketLockTest, LeavesNoFileAndCanBeTakenAgain) {
  { const SocketLock first(socket); }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  const SocketLock second(socket);
}

TEST_F(SocketLockTest, IsFreeAgainWhenItsHolderWasKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto* lock = new SocketLock(socket);
    ::_exit(lock == nullptr ? 1 : 0);  // without the destructor, as a kill would
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(socket + ".lock"));
  const SocketLock second(socket);
}

TEST_F(SocketLockTest, LeavesAFileThatItHasFound) {
  const auto leave = [&] { SocketLock(socket).keep(); };
  leave();
  { const SocketLock second(socket); }
  EXPECT_TRUE(std::filesystem::exists(socket + ".lock"));
  SocketLock(socket).drop();
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(SocketLockTest, HasTheIdentityOfTheFileAndOfNoOther) {
  const auto identity = [&](bool stays) {
    SocketLock lock(socket);
    stays ? lock.keep() : lock.drop();
    return lock.identity();
  };
  const std::string first = identity(true);
  EXPECT_EQ(identity(false), first);
  // The inode may be the same.
  EXPECT_NE(identity(false), first);
}

TEST_F(SocketLockTest, FollowsNoLink) {
  std::filesystem::create_symlink(folder + "/elsewhere", socket + ".lock");
  EXPECT_THROW(SocketLock{socket}, Error);
  EXPECT_FALSE(std::filesystem::exists(folder + "/elsewhere"));
}

}  // namespace
}  // namespace busbar::daemon
