// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace busbar::layout {

enum class SeatState : std::uint32_t {
  free = 0,
  reserved = 1,  // granted by the broker, the client is joining
  reliable = 2,  // gates publishers
  lossy = 3,
  evicted = 4,
  left = 5,  // the client is done with it, the broker has to free it
  dead = 6   // a publisher has proved that nobody is there: neither cursor nor pins count
};

/// State and tenant of a seat, one atomic value: bits 0-31 state, 32-63 epoch, which counts the
/// seat's tenants. A compare-and-swap that was decided upon for one tenant never hits the next.
class SeatWord {
 public:
  constexpr SeatWord() = default;
  constexpr SeatWord(SeatState state, std::uint32_t epoch)
      : bits_(std::uint64_t(epoch) << 32 | std::uint64_t(state)) {}

  constexpr std::uint32_t epoch() const { return std::uint32_t(bits_ >> 32); }
  constexpr SeatState state() const { return SeatState(std::uint32_t(bits_)); }
  constexpr SeatWord with(SeatState state) const { return {state, epoch()}; }
  constexpr bool operator==(const SeatWord&) const = default;

 private:
  std::uint64_t bits_ = 0;
};

static_assert(sizeof(std::atomic<SeatWord>) == 8 && std::atomic<SeatWord>::is_always_lock_free,
              "a lock inside the atomic would be private to one process: torn words");

}  // namespace busbar::layout
