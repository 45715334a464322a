#pragma once

#include <atomic>

#include "common/sync/doorbell.hpp"

namespace busbar::ring {

/// The flag behind interrupt(), private to its process. raise() from any thread or signal handler.
class Interrupt {
 public:
  void raise(layout::DoorbellBytes& bell) noexcept {
    raised_.store(true);
    sync::ring_bell(bell);
  }
  bool is_raised() const noexcept { return raised_.load(std::memory_order_relaxed); }
  /// True once for each raise.
  bool take() noexcept {
    return raised_.load(std::memory_order_relaxed) && raised_.exchange(false);
  }

 private:
  std::atomic<bool> raised_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a lock is no place for a signal handler");
};

}  // namespace busbar::ring
