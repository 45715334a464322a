#include "common/shm/numa.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <vector>

namespace busbar::shm {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Of the calling thread; nothing where the kernel has none or does not tell.
std::optional<int> policy() {
  int now = 0;
  if (::syscall(SYS_get_mempolicy, &now, nullptr, 0, 0, 0) != 0) return std::nullopt;
  return now;
}

TEST(PreferredNodeTest, IsTheThreadsWhileItLives) {
  const auto before = policy();
  if (!before) GTEST_SKIP() << "no NUMA";
  {
    const PreferredNode node(0);
    EXPECT_THAT(node.refusal(), IsEmpty());
    EXPECT_EQ(policy(), MPOL_PREFERRED);
  }
  EXPECT_EQ(policy(), before);
}

TEST(PreferredNodeTest, GivesBackWhatAnotherHasChosen) {
  if (!policy()) GTEST_SKIP() << "no NUMA";
  unsigned long mask = 1;
  ASSERT_EQ(::syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &mask, 65), 0);
  { const PreferredNode node(0); }
  unsigned long after[16]{};
  int mode = 0;
  EXPECT_EQ(::syscall(SYS_get_mempolicy, &mode, after, 1024, 0, 0), 0);
  EXPECT_EQ(mode, MPOL_INTERLEAVE);
  EXPECT_EQ(after[0], 1u);
  ::syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0);
}

TEST(PreferredNodeTest, OfNoNodeChangesNothing) {
  const auto before = policy();
  const PreferredNode node(std::nullopt);
  EXPECT_THAT(node.refusal(), IsEmpty());
  EXPECT_EQ(policy(), before);
}

TEST(PreferredNodeTest, ThatIsNotThereIsRefusedInWords) {
  const auto before = policy();
  if (!before) GTEST_SKIP() << "no NUMA";
  const PreferredNode node(1023);
  EXPECT_THAT(node.refusal(), HasSubstr("no node 1023"));
  EXPECT_EQ(policy(), before);
}

TEST(MisplacedMemory, IsToldFromMemoryOnItsNode) {
  if (!policy()) GTEST_SKIP() << "no NUMA";
  std::vector<std::byte> memory(1 << 20, std::byte{1});
  const auto* at = reinterpret_cast<const std::byte*>(
      reinterpret_cast<std::uintptr_t>(memory.data() + 4095) & ~std::uintptr_t{4095});
  unsigned node = 0;
  ASSERT_EQ(::syscall(SYS_get_mempolicy, &node, nullptr, 0, at, MPOL_F_NODE | MPOL_F_ADDR), 0);
  EXPECT_THAT(misplaced(at, 512 << 10, node), IsEmpty());
  EXPECT_THAT(misplaced(at, 512 << 10, node + 1), HasSubstr("100 %"));
}

}  // namespace
}  // namespace busbar::shm
