#pragma once

#include <cstdint>

#include "common/base/deadline.hpp"
#include "common/layout/ring_control.hpp"

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

  explicit RingMutex(layout::MutexLine& line) noexcept : word_(line.owner) {}

  Result try_lock(std::uint32_t owner) noexcept;

  /// try_lock for about as long as an owner that is running holds it; never sleeps.
  bool spin_lock(std::uint32_t owner) noexcept;

  /// Spins a little, then sleeps, at most until the deadline. After each 5 ms of sleep it
  /// asks `is_dead(owner, context)` about the holder: this is how a waiter finds a death while the
  /// broker is away.
  using IsDead = bool (*)(std::uint32_t owner, void* context);
  Result lock(std::uint32_t owner, const Deadline& deadline, IsDead is_dead,
              void* context) noexcept;

  void unlock() noexcept;

  /// From `dead` to `owner`, waiting for nobody. True if it is now held by `owner`, who has to
  /// repair first.
  bool take_over(std::uint32_t dead, std::uint32_t owner) noexcept;

  /// The holder, or kFree.
  static constexpr std::uint32_t kFree = ~std::uint32_t{0};
  std::uint32_t holder() const noexcept;

 private:
  std::atomic<std::uint32_t>& word_;
};

}  // namespace busbar::sync
