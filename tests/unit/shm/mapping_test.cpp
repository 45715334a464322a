#include "common/shm/mapping.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"

namespace busbar::shm {
namespace {

constexpr std::uint64_t kPage = 4096;

UniqueFd memory(std::uint64_t pages) {
  UniqueFd fd(::memfd_create("mapping-test", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(pages * kPage)), 0);
  return fd;
}

UniqueFd read_only(const UniqueFd& fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// Whether these pages are mapped: mincore says ENOMEM where nothing is.
bool is_mapped(const void* at, std::uint64_t bytes) {
  unsigned char resident[16];
  return ::mincore(const_cast<void*>(at), bytes, resident) == 0;
}

TEST(PlainMapping, ShowsTheSegmentsBytes) {
  const UniqueFd fd = memory(2);
  const Mapping one = Mapping::plain(fd.get(), 2 * kPage, Access::read_write);
  const Mapping two = Mapping::plain(fd.get(), 2 * kPage, Access::read_write);
  EXPECT_EQ(one.bytes(), 2 * kPage);
  std::strcpy(reinterpret_cast<char*>(one.data() + kPage), "hello");
  EXPECT_STREQ(reinterpret_cast<char*>(two.data() + kPage), "hello");
}

TEST(DoubledMapping, ShowsTheTailAgainBehindItself) {
  const UniqueFd fd = memory(4);
  const Mapping mapping = Mapping::doubled(fd.get(), 4 * kPage, kPage, Access::read_write);
  EXPECT_EQ(mapping.bytes(), 4 * kPage);
  std::byte* data = mapping.data();
  data[kPage] = std::byte{1};
  data[4 * kPage - 1] = std::byte{2};
  EXPECT_EQ(data[4 * kPage], std::byte{1});
  EXPECT_EQ(data[7 * kPage - 1], std::byte{2});
  data[4 * kPage + 5] = std::byte{3};
  EXPECT_EQ(data[kPage + 5], std::byte{3});
}

TEST(DoubledMapping, MayDoubleTheWholeSegment) {
  const UniqueFd fd = memory(1);
  const Mapping mapping = Mapping::doubled(fd.get(), kPage, 0, Access::read_write);
  std::memset(mapping.data() + kPage - 4, 0x5a, 8);
  EXPECT_EQ(mapping.data()[0], std::byte{0x5a});
  EXPECT_EQ(mapping.data()[4], std::byte{0});
}

TEST(DoubledMapping, KeepsTheHeadOutOfTheSecondPart) {
  const UniqueFd fd = memory(3);
  const Mapping mapping = Mapping::doubled(fd.get(), 3 * kPage, kPage, Access::read_write);
  mapping.data()[0] = std::byte{9};
  EXPECT_EQ(mapping.data()[3 * kPage], std::byte{0});
}

TEST(MappingTest, OfAReadOnlyDescriptorCannotBeMadeWritable) {
  const UniqueFd fd = memory(2);
  const UniqueFd reader = read_only(fd);
  ASSERT_TRUE(reader);
  const Mapping plain = Mapping::plain(reader.get(), 2 * kPage, Access::read_only);
  EXPECT_EQ(::mprotect(plain.data(), kPage, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
  const Mapping doubled = Mapping::doubled(reader.get(), 2 * kPage, kPage, Access::read_only);
  EXPECT_EQ(::mprotect(doubled.data() + 2 * kPage, kPage, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
}

TEST(MappingTest, OfAReadOnlyDescriptorIsRefusedForWriting) {
  const UniqueFd reader = read_only(memory(2));
  ASSERT_TRUE(reader);
  EXPECT_THROW(Mapping::plain(reader.get(), 2 * kPage, Access::read_write), Error);
  EXPECT_THROW(Mapping::doubled(reader.get(), 2 * kPage, kPage, Access::read_write), Error);
}

TEST(MappingTest, UnmapsEverythingWhenItGoes) {
  const UniqueFd fd = memory(2);
  const std::byte* at = nullptr;
  {
    const Mapping mapping = Mapping::doubled(fd.get(), 2 * kPage, kPage, Access::read_write);
    at = mapping.data();
    EXPECT_TRUE(is_mapped(at, 3 * kPage));
  }
  for (std::uint64_t page = 0; page < 3; ++page) EXPECT_FALSE(is_mapped(at + page * kPage, kPage));
}

TEST(MappingTest, MovesItsPagesAlong) {
  const UniqueFd fd = memory(1);
  Mapping first = Mapping::plain(fd.get(), kPage, Access::read_write);
  std::byte* const at = first.data();
  Mapping second(std::move(first));
  EXPECT_EQ(second.data(), at);
  Mapping third;
  third = std::move(second);
  EXPECT_EQ(third.data(), at);
  EXPECT_EQ(third.bytes(), kPage);
  third.data()[0] = std::byte{1};
}

TEST(MappingTest, OfNoDescriptorIsAnErrorInWords) {
  try {
    Mapping::plain(-1, kPage, Access::read_only);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::system);
    EXPECT_NE(std::string(error.what()).find("4096"), std::string::npos) << error.what();
  }
  EXPECT_THROW(Mapping::doubled(-1, 2 * kPage, kPage, Access::read_only), Error);
}

TEST(SegmentSize, IsWhatTheDescriptorSays) {
  EXPECT_EQ(segment_size(memory(3).get()), 3 * kPage);
  EXPECT_THROW(segment_size(-1), Error);
}

}  // namespace
}  // namespace busbar::shm
