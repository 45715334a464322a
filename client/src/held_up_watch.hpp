#pragma once

#include <cstdint>

#include "common/ring/lookout.hpp"

namespace busbar {

/// Finds out when the same place has been in the way for a second without anything getting on, so
/// that the broker can be told, then and every ten seconds while it lasts. One thread.
class HeldUpWatch {
 public:
  /// `progress`: any number that changes when the one who waits gets on. `now_ms`: coarse clock.
  bool is_time(const ring::Blocker& blocker, std::uint64_t progress,
               std::uint32_t now_ms) noexcept {
    const bool lasts = blocker.is_publisher == blocker_.is_publisher &&
                       blocker.index == blocker_.index && progress == progress_ &&
                       now_ms - looked_at_ < kForgotten;
    looked_at_ = now_ms;
    if (!lasts) {
      blocker_ = blocker;
      progress_ = progress;
      next_ = now_ms + kFirst;
      return false;
    }
    // The difference also where the clock's low bits have wrapped.
    if (static_cast<std::int32_t>(now_ms - next_) < 0) return false;
    next_ = now_ms + kAgain;
    return true;
  }

 private:
  // Milliseconds. Who has not looked for so long has done something else meanwhile.
  static constexpr std::uint32_t kFirst = 1000;
  static constexpr std::uint32_t kAgain = 10'000;
  static constexpr std::uint32_t kForgotten = 2000;

  ring::Blocker blocker_{false, ~std::uint32_t{0}};
  std::uint64_t progress_ = 0;
  std::uint32_t looked_at_ = 0;
  std::uint32_t next_ = 0;
};

}  // namespace busbar
