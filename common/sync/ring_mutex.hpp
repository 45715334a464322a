#pragma once

#include <atomic>
#include <cstdint>

#include "common/base/deadline.hpp"
#include "common/layout/ring_control.hpp"
#include "common/sync/fence.hpp"

namespace busbar::sync {

/// The publishers' mutex: a futex word that holds the owner's slot + 1, which the broker issued,
/// and so can be taken over from an owner that is known to be dead by a compare-and-swap of exactly
/// that owner. A plain view of the word; any thread.
class RingMutex {
 public:
  enum class Result {
    acquired,
    busy,  ///< try_lock: held
    timed_out,
    owner_dead,  ///< held by an owner of whom `is_dead` said that it is gone; nothing was changed
  };

  /// `rule`: the ring's; sleeping against unlocking is one of its pairs.
  explicit RingMutex(layout::MutexLine& line,
                     layout::FenceRule rule = layout::FenceRule::membarrier) noexcept
      : word_(line.owner), waiters_(line.waiters), rule_(rule) {}

  Result try_lock(std::uint32_t owner) noexcept {
    std::uint32_t expected = 0;
    // acquire: pairs with the release in unlock.
    return word_.compare_exchange_strong(expected, owner + 1, std::memory_order_acquire,
                                         std::memory_order_relaxed)
               ? Result::acquired
               : Result::busy;
  }

  /// try_lock for about as long as an owner that is running holds it; never sleeps.
  bool spin_lock(std::uint32_t owner) noexcept;

  /// Spins a little, then sleeps, at most until the deadline. After each 5 ms of sleep it
  /// asks `is_dead(owner, context)` about the holder: this is how a waiter finds a death while the
  /// broker is away.
  using IsDead = bool (*)(std::uint32_t owner, void* context);
  Result lock(std::uint32_t owner, const Deadline& deadline, IsDead is_dead,
              void* context) noexcept;

  /// True if somebody may sleep for it, and was woken.
  bool unlock() noexcept {
    // release: pairs with the acquire of the next owner.
    word_.store(0, std::memory_order_release);
    // Pair wait / unlock: the waiter pays (lock).
    frequent_fence(rule_);
    if (waiters_.load(std::memory_order_relaxed) == 0) [[likely]]
      return false;
    wake();
    return true;
  }

  /// From `dead` to `owner`, waiting for nobody. True if it is now held by `owner`, who has to
  /// repair first.
  bool take_over(std::uint32_t dead, std::uint32_t owner) noexcept;

  /// The holder, or kFree.
  static constexpr std::uint32_t kFree = ~std::uint32_t{0};
  std::uint32_t holder() const noexcept;

 private:
  Result wait(std::uint32_t owner, const Deadline& deadline, IsDead is_dead,
              void* context) noexcept;
  void wake() noexcept;

  std::atomic<std::uint32_t>& word_;
  std::atomic<std::uint64_t>& waiters_;
  layout::FenceRule rule_;
};

}  // namespace busbar::sync
