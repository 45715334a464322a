#include "common/base/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace busbar {
namespace {

int some_fd() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFdTest, ClosesWhenItGoes) {
  int fd = -1;
  {
    const UniqueFd owner(some_fd());
    fd = owner.get();
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFdTest, IsEmptyAfterAMove) {
  UniqueFd first(some_fd());
  const int fd = first.get();
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFdTest, ClosesItsOldOneWhenAssigned) {
  UniqueFd target(some_fd());
  UniqueFd source(some_fd());
  const int old = target.get();
  const int fresh = source.get();
  target = std::move(source);
  EXPECT_FALSE(is_open(old));
  EXPECT_EQ(target.get(), fresh);
}

TEST(UniqueFdTest, SurvivesAssignmentToItself) {
  UniqueFd fd(some_fd());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFdTest, ReleasedIsNoLongerItsOwn) {
  UniqueFd owner(some_fd());
  const UniqueFd taken(owner.release());
  EXPECT_FALSE(owner);
  owner.reset();
  EXPECT_TRUE(is_open(taken.get()));
}

}  // namespace
}  // namespace busbar
