#pragma once

#include <atomic>

#include "common/layout/ring_descriptor.hpp"

namespace busbar::sync {

/// Registers this process for the expedited membarrier; true if the kernel has it. Once per
/// process is enough; cheap to repeat. Thread-safe.
bool register_membarrier() noexcept;

/// The rule that this machine allows: membarrier where the kernel has it, else full.
layout::FenceRule best_fence_rule() noexcept;

/// The frequent side of a store-then-load pair (commit, release, pin): orders the compiler, and the
/// machine only under the rule `full`.
inline void frequent_fence(layout::FenceRule rule) noexcept {
  if (rule == layout::FenceRule::full) [[unlikely]] {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } else {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
}

/// The rare side (sleep, join, wait for room): fences itself and, under `membarrier`, every other
/// member (about 1 us).
void rare_fence(layout::FenceRule rule) noexcept;

}  // namespace busbar::sync
