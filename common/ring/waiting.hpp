// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/wait_policy.hpp"

namespace busbar::ring {

/// What to do before the next look at what is waited for.
struct Rest {
  enum class Kind : std::uint8_t { pause, yield, sleep };
  Kind kind = Kind::pause;
  std::uint32_t pauses = 0;
};

/// A wait policy at work: rests between looks, pauses that grow (a waiting side that looks at every
/// moment takes the cache line from under the other, and a batch cannot form), then yields, then
/// sleep. A value that counts and reads no clock.
class Waiting {
 public:
  /// What a look takes from the other side: a record's line from its writer; the cursors' lines
  /// from all readers, and room for one message more is not worth that.
  enum class Look : std::uint8_t { record, seats };

  explicit Waiting(Look look, WaitPolicy policy = WaitPolicy::balanced) noexcept
      : look_(look), policy_(policy) {}

  void set_policy(WaitPolicy policy) noexcept { policy_ = policy; }

  /// A new wait begins.
  void begin() noexcept {
    round_ = 0;
    pauses_ = look_ == Look::record ? 1 : 64;
  }

  Rest next() noexcept {
    const Rounds rounds = rounds_of(policy_);
    const std::uint32_t round = round_++;
    if (round >= rounds.spins + rounds.yields) return {Rest::Kind::sleep};
    if (round >= rounds.spins) return {Rest::Kind::yield};
    const std::uint32_t pauses = pauses_;
    pauses_ = std::min(pauses_ * 2, look_ == Look::record ? 16u : 256u);
    return {Rest::Kind::pause, pauses};
  }

  /// Whether it goes on for so long that reading the clock costs nothing any more.
  bool is_long() const noexcept { return round_ % kRoundsPerClock == 0; }

 private:
  static constexpr std::uint32_t kRoundsPerClock = 16;

  struct Rounds {
    std::uint32_t spins;
    std::uint32_t yields;
  };
  static Rounds rounds_of(WaitPolicy policy) noexcept {
    switch (policy) {
      case WaitPolicy::latency:
        return {20'000, 1'000};
      case WaitPolicy::balanced:
        return {40, 8};
      case WaitPolicy::power:
        return {1, 0};
    }
    return {40, 8};
  }

  Look look_;
  WaitPolicy policy_;
  std::uint32_t round_ = 0;
  std::uint32_t pauses_ = 1;
};

}  // namespace busbar::ring
