#include "common/shm/segment.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "common/base/error.hpp"

namespace busbar::shm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kBytes = 8192;

std::string unique_name() {
  static int count = 0;
  return "busbar-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

bool is_in_dev_shm(const std::string& name) {
  return ::access(("/dev/shm/" + name).c_str(), F_OK) == 0;
}

struct stat status_of(int fd) {
  struct stat status {};
  EXPECT_EQ(::fstat(fd, &status), 0);
  return status;
}

/// Unlinks even if an expectation fails.
struct Named {
  Named() : segment(Segment::create(Backing::named, unique_name(), kBytes)) {}
  ~Named() { segment.unlink(); }
  Segment segment;
};

TEST(Segment, NamedIsAFileOfItsOwnerWithAllOfItsRoomReserved) {
  const Named named;
  EXPECT_TRUE(is_in_dev_shm(named.segment.name()));
  const struct stat status = status_of(named.segment.writable_fd());
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_size, static_cast<off_t>(kBytes));
  EXPECT_EQ(status.st_blocks * 512, static_cast<off_t>(kBytes));
}

TEST(Segment, NamedRefusesANameThatIsTaken) {
  const Named named;
  EXPECT_THROW(Segment::create(Backing::named, named.segment.name(), kBytes), Error);
  EXPECT_TRUE(is_in_dev_shm(named.segment.name()));
}

TEST(Segment, UnlinkRemovesTheNameAndKeepsTheMemory) {
  Named named;
  named.segment.unlink();
  EXPECT_FALSE(is_in_dev_shm(named.segment.name()));
  EXPECT_EQ(status_of(named.segment.writable_fd()).st_size, static_cast<off_t>(kBytes));
}

TEST(Segment, UnlinkingTwiceLeavesALaterSegmentOfThatNameAlone) {
  Named named;
  named.segment.unlink();
  Segment later = Segment::create(Backing::named, named.segment.name(), kBytes);
  named.segment.unlink();
  EXPECT_TRUE(is_in_dev_shm(later.name()));
  later.unlink();
}

TEST(Segment, DescriptorsAreClosedByAnExec) {
  const Named named;
  EXPECT_EQ(::fcntl(named.segment.writable_fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(named.segment.readable_fd(), F_GETFD), FD_CLOEXEC);
}

TEST(Segment, TheReadableDescriptorCannotBeMappedToWrite) {
  for (const Backing backing : {Backing::named, Backing::sealed}) {
    Segment segment = Segment::create(backing, unique_name(), kBytes);
    void* mapped =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, segment.readable_fd(), 0);
    EXPECT_EQ(mapped, MAP_FAILED);
    EXPECT_EQ(errno, EACCES);
    segment.unlink();
  }
}

TEST(Segment, BothDescriptorsLeadToTheSameMemory) {
  for (const Backing backing : {Backing::named, Backing::sealed}) {
    Segment segment = Segment::create(backing, unique_name(), kBytes);
    EXPECT_EQ(status_of(segment.writable_fd()).st_ino, status_of(segment.readable_fd()).st_ino);
    segment.unlink();
  }
}

TEST(Segment, SealedCanNeitherShrinkNorGrowNorBeUnsealed) {
  const Segment segment = Segment::create(Backing::sealed, unique_name(), kBytes);
  EXPECT_EQ(::fcntl(segment.writable_fd(), F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  EXPECT_NE(::ftruncate(segment.writable_fd(), 4096), 0);
  EXPECT_NE(::ftruncate(segment.writable_fd(), 2 * kBytes), 0);
}

TEST(Segment, SealedIsItsOwnersAlone) {
  const Segment segment = Segment::create(Backing::sealed, unique_name(), kBytes);
  EXPECT_EQ(status_of(segment.writable_fd()).st_mode & 07777, 0600u);
  EXPECT_FALSE(is_in_dev_shm(segment.name()));
}

TEST(Segment, SaysHowMuchIsFreeIfItDoesNotFit) {
  const std::string name = unique_name();
  try {
    Segment::create(Backing::named, name, std::uint64_t{1} << 50);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::limit);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("channel segment of 1024TiB does not fit into /dev/shm: "),
                      HasSubstr(" free; remove channels, lower \"capacity\" or enlarge it: mount "
                                "-o remount,size=")));
  }
  EXPECT_FALSE(is_in_dev_shm(name));
}

TEST(Segment, SaysHowMuchMemoryIsAvailableIfItDoesNotFit) {
  try {
    Segment::create(Backing::sealed, unique_name(), std::uint64_t{1} << 50);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::limit);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("channel segment of 1024TiB does not fit into memory: "),
                      HasSubstr(" available; remove channels, lower \"capacity\" or stop")));
  }
}

TEST(Segment, LeavesNoNameBehindIfItDoesNotFit) {
  struct statvfs state {};
  ASSERT_EQ(::statvfs("/dev/shm", &state), 0);
  const std::string name = unique_name();
  EXPECT_THROW(
      Segment::create(Backing::named, name, (std::uint64_t{state.f_blocks} + 1) * state.f_frsize),
      Error);
  EXPECT_FALSE(is_in_dev_shm(name));
}

}  // namespace
}  // namespace busbar::shm
