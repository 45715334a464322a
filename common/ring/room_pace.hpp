// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/wait_policy.hpp"

namespace busbar::ring {

/// For how long a publisher at its limit leaves the seats alone before it looks at them again. In a
/// full ring whose readers let go of one message after the other, each look finds room for a few,
/// and takes the cursors' lines from the readers just then: who looks more rarely gets more. A
/// value that goes by what it is told. docs/adr/0022.
class RoomPace {
 public:
  explicit RoomPace(std::uint64_t capacity) noexcept
      : most_of_ring_(static_cast<std::uint32_t>(
            std::clamp<std::uint64_t>(capacity / kBytesAPause, 1, kMost))),
        most_(most_of_ring_) {}

  void set_policy(WaitPolicy policy) noexcept {
    most_ = policy == WaitPolicy::latency ? 0 : most_of_ring_;
    pauses_ = 0;
  }
  std::uint32_t pauses() const noexcept { return pauses_; }

  /// A look has found room for so many bytes.
  void found(std::uint64_t room, std::uint64_t enough) noexcept {
    if (room < enough) {
      pauses_ = std::min(pauses_ * 2 + 1, most_);
    } else if (room / 2 >= enough) {
      pauses_ /= 2;
    }
  }
  /// Nobody has let go of anything: it waits in another way, if at all.
  void found_nothing() noexcept { pauses_ /= 2; }

 private:
  static constexpr std::uint32_t kMost = 256;  // a few microseconds
  // A reader at full speed must not come to the end of the ring meanwhile.
  static constexpr std::uint64_t kBytesAPause = 4096;
  std::uint32_t most_of_ring_;
  std::uint32_t most_;
  std::uint32_t pauses_ = 0;
};

}  // namespace busbar::ring
