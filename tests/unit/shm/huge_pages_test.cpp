#include "common/shm/huge_pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "common/shm/mapping.hpp"
#include "common/shm/segment.hpp"
#include "common/shm/system_file.hpp"

namespace busbar::shm {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kHead = 0x3000;
constexpr std::uint64_t kCapacity = 4 * kHugePage;
constexpr const char* kName = "huge-pages-test";

/// Bytes of the mapping at this address that are mapped as huge pages.
std::uint64_t mapped_huge(const std::byte* at) {
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<std::uintptr_t>(at) << '-';
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("VmFlags") == 0 && found) break;
    if (line.starts_with(begin.str())) found = true;
    if (!found || !line.starts_with("ShmemPmdMapped:")) continue;
    return std::stoull(line.substr(line.find(':') + 1)) * 1024;
  }
  return 0;
}

/// Reads from every page, as a first lap does.
void touch(const std::byte* at, std::uint64_t bytes) {
  for (std::uint64_t i = 0; i < bytes; i += 4096) {
    static_cast<void>(*static_cast<const volatile std::byte*>(at + i));
  }
}

class HugePagesTest : public ::testing::TestWithParam<Backing> {
 protected:
  void SetUp() override {
    const Segment probe = Segment::create(Backing::sealed, kName, kHugePage, Pages::huge);
    const Mapping mapping = Mapping::plain(probe.writable_fd(), kHugePage, Access::read_write);
    const HugePages granted = collapse(mapping.data(), kHugePage);
    if (granted.bytes == 0) GTEST_SKIP() << granted.refusal;
  }
  void TearDown() override { ::shm_unlink(kName); }
};

TEST_P(HugePagesTest, AreThereFromTheBeginningIfAskedFor) {
  const Segment segment = Segment::create(GetParam(), kName, kHead + kCapacity, Pages::huge);
  const Mapping mapping =
      Mapping::plain(segment.writable_fd(), segment.bytes(), Access::read_write);
  touch(mapping.data(), kCapacity);
  EXPECT_EQ(mapped_huge(mapping.data()), kCapacity);
}

TEST_P(HugePagesTest, AreNotThereIfNot) {
  if (system_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled").find("[never]") ==
      std::string::npos) {
    GTEST_SKIP() << "the kernel gives huge pages to who does not ask";
  }
  const Segment segment = Segment::create(GetParam(), kName, kHead + kCapacity);
  const Mapping mapping =
      Mapping::plain(segment.writable_fd(), segment.bytes(), Access::read_write);
  touch(mapping.data(), kCapacity);
  EXPECT_EQ(mapped_huge(mapping.data()), 0u);
}

TEST_P(HugePagesTest, AreBegunWithZeroesAndKeepWhatIsThere) {
  const Segment segment = Segment::create(GetParam(), kName, kHead + kCapacity, Pages::huge);
  const Mapping mapping =
      Mapping::plain(segment.writable_fd(), segment.bytes(), Access::read_write);
  for (std::uint64_t i = 0; i < segment.bytes(); ++i) {
    ASSERT_EQ(mapping.data()[i], std::byte{0}) << i;
  }
  mapping.data()[kHugePage + 7] = std::byte{42};
  EXPECT_EQ(collapse(mapping.data(), segment.bytes()).bytes, kCapacity);
  EXPECT_EQ(mapping.data()[kHugePage + 7], std::byte{42});
}

TEST_P(HugePagesTest, AreMappedAsSuchInBothPartsOfAnotherMapping) {
  const Segment segment = Segment::create(GetParam(), kName, kHead + kCapacity, Pages::huge);
  const Mapping reader =
      Mapping::doubled(segment.readable_fd(), segment.bytes(), kHead, Access::read_only);
  touch(reader.data(), reader.mapped_bytes());
  EXPECT_EQ(mapped_huge(reader.data()), kCapacity);
  // The first one of the second part is not whole: it begins with the head.
  EXPECT_EQ(mapped_huge(reader.data() + reader.bytes()), kCapacity - kHugePage);
}

TEST_P(HugePagesTest, ComeAfterwardsToo) {
  const Segment segment = Segment::create(GetParam(), kName, kHead + kCapacity);
  const Mapping mapping =
      Mapping::plain(segment.writable_fd(), segment.bytes(), Access::read_write);
  mapping.data()[kHugePage + 7] = std::byte{42};
  const HugePages huge = collapse(mapping.data(), segment.bytes());
  EXPECT_EQ(huge.bytes, kCapacity) << huge.refusal;
  EXPECT_THAT(huge.refusal, IsEmpty());
  EXPECT_EQ(mapping.data()[kHugePage + 7], std::byte{42});
}

TEST_P(HugePagesTest, AreRefusedInWordsToAProcessThatIsKeptFromThem) {
  if (::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) GTEST_SKIP();
  const Segment segment = Segment::create(GetParam(), kName, kCapacity, Pages::huge);
  const Mapping mapping =
      Mapping::plain(segment.writable_fd(), segment.bytes(), Access::read_write);
  const HugePages huge = collapse(mapping.data(), segment.bytes());
  ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
  EXPECT_EQ(huge.bytes, 0u);
  EXPECT_THAT(huge.refusal, HasSubstr("PR_SET_THP_DISABLE"));
}

TEST_P(HugePagesTest, AreRefusedToWhatIsSmallerThanOne) {
  const Segment segment = Segment::create(GetParam(), kName, kHugePage / 2, Pages::huge);
  const Mapping mapping =
      Mapping::plain(segment.writable_fd(), segment.bytes(), Access::read_write);
  const HugePages huge = collapse(mapping.data(), segment.bytes());
  EXPECT_EQ(huge.bytes, 0u);
  EXPECT_THAT(huge.refusal, HasSubstr("smaller"));
}

INSTANTIATE_TEST_SUITE_P(OfEitherBacking, HugePagesTest,
                         ::testing::Values(Backing::named, Backing::sealed),
                         [](const auto& backing) {
                           return backing.param == Backing::named ? "Named" : "Sealed";
                         });

}  // namespace
}  // namespace busbar::shm
