#include "common/sync/fence.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace busbar::sync {
namespace {

/// Store-then-load on both sides: without a fence each may miss the other's store.
int rounds_where_both_missed(layout::FenceRule rule, int rounds) {
  struct alignas(128) Cell {
    std::atomic<int> value{0};
  };
  Cell frequent;
  Cell rare;
  Cell frequent_saw;
  Cell go;
  Cell ready;
  int both = 0;
  std::thread other([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (go.value.load(std::memory_order_acquire) < round) {
        std::this_thread::yield();
      }
      frequent.value.store(round, std::memory_order_relaxed);
      frequent_fence(rule);
      frequent_saw.value.store(rare.value.load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
      ready.value.store(round, std::memory_order_release);
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    go.value.store(round, std::memory_order_release);
    rare.value.store(round, std::memory_order_relaxed);
    rare_fence(rule);
    const int saw = frequent.value.load(std::memory_order_relaxed);
    while (ready.value.load(std::memory_order_acquire) < round) {
      std::this_thread::yield();
    }
    if (saw != round && frequent_saw.value.load(std::memory_order_relaxed) != round) ++both;
  }
  other.join();
  return both;
}

TEST(Fence, FullRuleOrdersAStoreBeforeALoadOnBothSides) {
  EXPECT_EQ(rounds_where_both_missed(layout::FenceRule::full, 20000), 0);
}

TEST(Fence, MembarrierRuleLetsTheRareSidePay) {
  if (best_fence_rule() != layout::FenceRule::membarrier) GTEST_SKIP() << "no membarrier here";
  EXPECT_EQ(rounds_where_both_missed(layout::FenceRule::membarrier, 2000), 0);
}

TEST(Fence, RegistrationMayBeRepeated) {
  EXPECT_EQ(register_membarrier(), register_membarrier());
}

}  // namespace
}  // namespace busbar::sync
