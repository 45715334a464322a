#include "common/sync/fence.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace busbar::sync {
namespace {

long membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0, 0);
}

}  // namespace

bool register_membarrier() noexcept {
  return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0;
}

layout::FenceRule best_fence_rule() noexcept {
  // Registered or not, a sender needs the command itself: ask for both.
  const bool usable = register_membarrier() && membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;
  return usable ? layout::FenceRule::membarrier : layout::FenceRule::full;
}

void rare_fence(layout::FenceRule rule) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (rule == layout::FenceRule::membarrier) membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

}  // namespace busbar::sync
