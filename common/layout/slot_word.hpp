// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace busbar::layout {

enum class SlotState : std::uint32_t {
  free = 0,
  held = 1,
  left = 2,     // nobody is there any more, whose claims may be open
  mending = 3,  // somebody aborts the claims of a holder that is gone: mender() says who
  mended = 4    // the broker has only to free it
};

/// State and tenant of a publisher slot, one atomic value: bits 0-27 generation, which counts the
/// slot's tenants, 28-31 state, 32-63 who mends, as the mutex names its owners (mutex_owner). A
/// compare-and-swap that was decided upon for one tenant never hits the next.
class SlotWord {
 public:
  constexpr SlotWord() = default;
  constexpr SlotWord(SlotState state, std::uint32_t generation, std::uint32_t mender = 0)
      : bits_((generation & kGenerationMask) | std::uint64_t(state) << 28 |
              std::uint64_t(mender) << 32) {}

  constexpr std::uint32_t generation() const { return std::uint32_t(bits_) & kGenerationMask; }
  constexpr SlotState state() const { return SlotState(bits_ >> 28 & 0xf); }
  constexpr std::uint32_t mender() const { return std::uint32_t(bits_ >> 32); }

  constexpr SlotWord with(SlotState state, std::uint32_t mender = 0) const {
    return {state, generation(), mender};
  }
  constexpr bool operator==(const SlotWord&) const = default;

 private:
  static constexpr std::uint32_t kGenerationMask = (1u << 28) - 1;
  std::uint64_t bits_ = 0;
};

static_assert(sizeof(std::atomic<SlotWord>) == 8 && std::atomic<SlotWord>::is_always_lock_free,
              "a lock inside the atomic would be private to one process: two menders of one slot");

}  // namespace busbar::layout
