// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "common/base/outcome.hpp"
#include "common/layout/geometry.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/waiting.hpp"

namespace busbar::ring {

/// Rests as `waiting` says next; false if it is time to sleep.
bool rest(Waiting& waiting) noexcept;

/// How many bytes may come together while one side waits: enough to be handed over at full speed,
/// and so few that the other side has most of the ring for itself.
inline std::uint64_t batch_bytes(const RingView& ring) noexcept {
  return std::min<std::uint64_t>(ring.capacity / 8, 64 << 10);
}

/// The least room that is worth a look at the cursors: a quarter at most of what a look finds that
/// nobody limits.
inline std::uint64_t least_room(const RingView& ring) noexcept {
  return std::min<std::uint64_t>(layout::stride(ring.capacity) / 4, 8 << 10);
}

void pause_for(std::uint32_t pauses) noexcept;

/// Tells `waiting` how long a sleep was.
class SleepWatch {
 public:
  explicit SleepWatch(Waiting& waiting) noexcept
      : waiting_(waiting), begin_(std::chrono::steady_clock::now()) {}
  /// With what the sleep ended; returns it.
  Outcome seen(Outcome outcome) const noexcept {
    waiting_.slept(std::chrono::steady_clock::now() - begin_, outcome == Outcome::ok);
    return outcome;
  }

 private:
  Waiting& waiting_;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace busbar::ring
