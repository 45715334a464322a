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
  const std::uint64_t held = held_with(released_.load(std::memory_order_acquire));
  return static_cast<std::uint32_t>(std::countr_one(held));
}

std::uint64_t Holds::held_with(std::uint64_t released) const noexcept {
  return (taken_.load(std::memory_order_acquire) ^ released) & kPlaces;
}

std::uint64_t Holds::lowest_of(std::uint64_t held, std::uint64_t next) const noexcept {
  for (; held != 0; held &= held - 1) {
    next = std::min(next, position_[std::countr_zero(held)].load(std::memory_order_relaxed));
  }
  return next;
}

std::uint64_t Holds::move_cursor(std::uint64_t released, std::uint64_t without) noexcept {
  // `next` before what is held: see hold().
  const std::uint64_t next = next_.load(std::memory_order_acquire);
  const std::uint64_t held = held_with(released) & ~without;
  const std::uint64_t to = lowest_of(held, next);
  // A place that was released and taken again since `released` was loaded looks free in `held`:
  // then the caller's compare-and-swap will fail, and nothing may be stored before.
  if (released_.load(std::memory_order_acquire) != released) return held;
  if (to == kNowhere || detached_.load(std::memory_order_relaxed)) [[unlikely]]
    return held;
  if (to == cursor_.load(std::memory_order_relaxed)) return held;
  // release: the payload has been read before the publisher may write there (lowest_cursor).
  cursor_.store(to, std::memory_order_release);
  wake_room_waiters(ring_);
  return held;
}

void Holds::pass_on(std::uint64_t next) noexcept {
  next_.store(next, std::memory_order_release);
  std::uint64_t released = released_.load(std::memory_order_acquire);
  do {
    move_cursor(released, 0);
  } while (!released_.compare_exchange_weak(released, released + kStep));
}

bool Holds::let_go(std::uint32_t place) noexcept {
  const std::uint64_t own = std::uint64_t{1} << place;
  std::uint64_t released = released_.load(std::memory_order_acquire);
  std::uint64_t held = 0;
  do {
    held = move_cursor(released, own);
  } while (!released_.compare_exchange_weak(released, (released ^ own) + kStep));
  return held == 0 && (released & kClosed) != 0;
}

bool Holds::close() noexcept {
  next_.store(kNowhere, std::memory_order_release);
  std::uint64_t released = released_.load(std::memory_order_acquire);
  std::uint64_t held = 0;
  do {
    held = move_cursor(released, 0);
  } while (!released_.compare_exchange_weak(released, (released | kClosed) + kStep));
  return held == 0;
}

}  // namespace busbar::ring
