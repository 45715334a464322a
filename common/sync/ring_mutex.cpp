#include "common/sync/ring_mutex.hpp"

#include <chrono>

#include "common/base/crash_point.hpp"
#include "common/sync/futex.hpp"
#include "common/sync/pause.hpp"

namespace busbar::sync {
namespace {

using layout::kMutexContended;
using namespace std::chrono_literals;

constexpr int kSpins = 100;
// The holder stays for a few stores: one that stays for so long is dead, stopped or preempted.
constexpr std::chrono::nanoseconds kSuspicion = 5ms;

constexpr std::uint32_t value_of(std::uint32_t owner) {
  return owner + 1;
}
constexpr std::uint32_t owner_of(std::uint32_t value) {
  return (value & ~kMutexContended) - 1;
}

}  // namespace

RingMutex::Result RingMutex::try_lock(std::uint32_t owner) noexcept {
  std::uint32_t expected = 0;
  // acquire: pairs with the release in unlock.
  return word_.compare_exchange_strong(expected, value_of(owner), std::memory_order_acquire,
                                       std::memory_order_relaxed)
             ? Result::acquired
             : Result::busy;
}

bool RingMutex::spin_lock(std::uint32_t owner) noexcept {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (word_.load(std::memory_order_relaxed) == 0 && try_lock(owner) == Result::acquired) {
      return true;
    }
    pause();
  }
  return false;
}

RingMutex::Result RingMutex::lock(std::uint32_t owner, const Deadline& deadline, IsDead is_dead,
                                  void* context) noexcept {
  if (spin_lock(owner)) return Result::acquired;
  for (;;) {
    // From here on the word says that somebody may sleep: whoever unlocks wakes one.
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    if (seen == 0) {
      if (word_.compare_exchange_strong(seen, value_of(owner) | kMutexContended,
                                        std::memory_order_acquire, std::memory_order_relaxed)) {
        return Result::acquired;
      }
      continue;
    }
    if ((seen & kMutexContended) == 0 &&
        !word_.compare_exchange_strong(seen, seen | kMutexContended, std::memory_order_relaxed)) {
      continue;
    }
    futex_wait(word_, seen | kMutexContended, deadline.left(kSuspicion));
    const bool still_held = word_.load(std::memory_order_relaxed) == (seen | kMutexContended);
    if (!still_held) continue;
    if (is_dead(owner_of(seen), context)) return Result::owner_dead;
    if (deadline.passed()) return Result::timed_out;
  }
}

void RingMutex::unlock() noexcept {
  // release: pairs with the acquire of the next owner.
  if ((word_.exchange(0, std::memory_order_release) & kMutexContended) == 0) return;
  BUSBAR_CRASH_POINT("mutex.unlocked");
  futex_wake(word_, 1);
}

bool RingMutex::take_over(std::uint32_t dead, std::uint32_t owner) noexcept {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  while (seen != 0 && owner_of(seen) == dead) {
    // Contended from now on: sleepers of the dead owner's time must be woken by somebody.
    if (word_.compare_exchange_weak(seen, value_of(owner) | kMutexContended,
                                    std::memory_order_acquire, std::memory_order_relaxed)) {
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
