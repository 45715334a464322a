#include "common/ring/holds.hpp"

#include <algorithm>
#include <bit>

#include "common/ring/wake.hpp"

namespace busbar::ring {
namespace {

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

}  // namespace

Holds::Holds(const RingView& ring, std::uint32_t seat, std::uint64_t next)
    : ring_(ring), cursor_(ring.seats[seat].cursor), next_(next) {}

std::uint32_t Holds::free_place() const noexcept {
  const std::uint32_t held = state_.load(std::memory_order_relaxed) & kHeldMask;
  return static_cast<std::uint32_t>(std::countr_one(held));
}

void Holds::hold(std::uint32_t place, std::uint64_t position, std::uint64_t next) noexcept {
  position_[place].store(position, std::memory_order_relaxed);
  state_.fetch_or(1u << place, std::memory_order_release);
  next_.store(next, std::memory_order_release);
}

void Holds::pass(std::uint64_t next) noexcept {
  next_.store(next, std::memory_order_release);
  advance();
}

void Holds::advance() noexcept {
  if (detached_.load(std::memory_order_relaxed)) [[unlikely]]
    return;
  std::uint64_t lowest = next_.load(std::memory_order_acquire);
  std::uint32_t held = state_.load(std::memory_order_acquire) & kHeldMask;
  for (; held != 0; held &= held - 1) {
    lowest = std::min(lowest, position_[std::countr_zero(held)].load(std::memory_order_relaxed));
  }
  if (lowest == kNowhere) return;
  std::uint64_t cursor = cursor_.load(std::memory_order_relaxed);
  while (cursor < lowest) {
    // release: the payload has been read before the publisher may write there (lowest_cursor).
    if (cursor_.compare_exchange_weak(cursor, lowest, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      wake_room_waiters(ring_);
      return;
    }
  }
}

bool Holds::let_go(std::uint32_t place) noexcept {
  // One step: no longer held, but still here. seq_cst: of two threads that let go at once the later
  // one sees both.
  state_.fetch_add(kReleasing - (1u << place));
  advance();
  return state_.fetch_sub(kReleasing, std::memory_order_acq_rel) == kReleasing;
}

bool Holds::close() noexcept {
  next_.store(kNowhere, std::memory_order_release);
  advance();
  return state_.fetch_and(~kOwner, std::memory_order_acq_rel) == kOwner;
}

}  // namespace busbar::ring
