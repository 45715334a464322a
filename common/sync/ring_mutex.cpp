#include "common/sync/ring_mutex.hpp"

#include <chrono>

#include "common/base/crash_point.hpp"
#include "common/sync/futex.hpp"
#include "common/sync/pause.hpp"

namespace busbar::sync {
namespace {

using namespace std::chrono_literals;

constexpr int kSpins = 8;
// Each look takes the line from the holder, who would go on for long without it.
constexpr int kFirstPauses = 32;
constexpr int kMostPauses = 256;
// The holder stays for a few stores: one that stays for so long is dead, stopped or preempted.
constexpr std::chrono::nanoseconds kSuspicion = 5ms;

constexpr std::uint32_t value_of(std::uint32_t owner) {
  return owner + 1;
}
constexpr std::uint32_t owner_of(std::uint32_t value) {
  return value - 1;
}

}  // namespace

bool RingMutex::spin_lock(std::uint32_t owner) noexcept {
  for (int spin = 0, pauses = kFirstPauses; spin < kSpins; ++spin) {
    if (word_.load(std::memory_order_relaxed) == 0 && try_lock(owner) == Result::acquired) {
      return true;
    }
    for (int i = 0; i < pauses; ++i) pause();
    if (pauses < kMostPauses) pauses *= 2;
  }
  return false;
}

RingMutex::Result RingMutex::lock(std::uint32_t owner, const Deadline& deadline, IsDead is_dead,
                                  void* context) noexcept {
  if (spin_lock(owner)) return Result::acquired;
  const std::uint64_t bit = std::uint64_t{1}
                            << layout::slot_of_owner(owner) % layout::kMaxPublishers;
  waiters_.fetch_or(bit);
  // Pair wait / unlock: bit, fence, look, sleep as long as the word is the same. From here on
  // whoever unlocks sees the bit, and wakes.
  rare_fence(rule_);
  const Result result = wait(owner, deadline, is_dead, context);
  waiters_.fetch_and(~bit);
  return result;
}

RingMutex::Result RingMutex::wait(std::uint32_t owner, const Deadline& deadline, IsDead is_dead,
                                  void* context) noexcept {
  for (;;) {
    const std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen == 0) {
      if (try_lock(owner) == Result::acquired) return Result::acquired;
      continue;
    }
    futex_wait(word_, seen, deadline.left(kSuspicion));
    if (word_.load(std::memory_order_relaxed) != seen) continue;
    if (is_dead(owner_of(seen), context)) return Result::owner_dead;
    if (deadline.passed()) return Result::timed_out;
  }
}

void RingMutex::wake() noexcept {
  futex_wake(word_, 1);
}

bool RingMutex::take_over(std::uint32_t dead, std::uint32_t owner) noexcept {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  while (seen != 0 && owner_of(seen) == dead) {
    if (word_.compare_exchange_weak(seen, value_of(owner), std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      BUSBAR_CRASH_POINT("mutex.taken_over");
      return true;
    }
  }
  return false;
}

std::uint32_t RingMutex::holder() const noexcept {
  const std::uint32_t seen = word_.load(std::memory_order_relaxed);
  return seen == 0 ? kFree : owner_of(seen);
}

}  // namespace busbar::sync
