#include "common/ring/holds.hpp"

#include "common/base/crash_point.hpp"
#include "common/layout/pin.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/coarse_clock.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

}  // namespace

Holds::Holds(const RingView& ring, std::uint32_t seat, std::uint64_t next, SeatKind kind)
    : ring_(ring), seat_(ring.seats[seat]), next_(next) {
  if (!pins_everything(ring, kind)) return;
  taken_.store(kPinsAll, std::memory_order_relaxed);
  released_.store(kPlaces << kPinnedShift, std::memory_order_relaxed);
}

std::uint32_t Holds::free_place() const noexcept {
  const std::uint64_t held = held_with(released_.load(std::memory_order_acquire));
  return static_cast<std::uint32_t>(std::countr_one(held));
}

/// What is held but for `without`. The cursor goes to what it alone keeps, at most one record, or
/// to the reading position.
std::uint64_t Holds::move_cursor(std::uint64_t released, std::uint64_t without) noexcept {
  // `next` before what is held: see hold().
  const std::uint64_t next = next_.load(std::memory_order_acquire);
  const std::uint64_t held = held_with(released) & ~without;
  const std::uint64_t current = held & ~(released >> kPinnedShift);
  std::uint64_t to = next;
  if (current != 0) [[unlikely]]
    to = position_[std::countr_zero(current)].load(std::memory_order_relaxed);
  // A place that was released and taken again since `released` was loaded looks free in `held`:
  // then the caller's compare-and-swap will fail, and nothing may be stored before.
  if (released_.load(std::memory_order_acquire) != released) return held;
  if (to == seat_.cursor.load(std::memory_order_relaxed)) return held;
  store_cursor(to);
  return held;
}

void Holds::store_cursor(std::uint64_t to) noexcept {
  // release: the payload has been read before the publisher may write there (look_at_gates).
  seat_.cursor.store(to, std::memory_order_release);
  BUSBAR_CRASH_POINT("cursor.moved");
  wake_room_waiters(ring_);
}

void Holds::pass_on(std::uint64_t next) noexcept {
  next_.store(next, std::memory_order_release);
  std::uint64_t released = released_.load(std::memory_order_acquire);
  if ((released & kDetached) != 0) return;
  if (pins_all()) return store_cursor(next);
  do {
    move_cursor(released, 0);
  } while (!released_.compare_exchange_weak(released, released + kStep));
}

void Holds::hold_pinned(std::uint32_t place, std::uint64_t next) noexcept {
  toggle(place);
  pass(next);
}

void Holds::unhold_pinned(std::uint32_t place) noexcept {
  if ((released_.load(std::memory_order_relaxed) & kDetached) == 0) clear_pin(place);
  toggle(place);
}

void Holds::clear_pin(std::uint32_t place) noexcept {
  // release: the payload has been read before the publisher may write there (PinnedBytes::look).
  seat_.pin[place].store(0, std::memory_order_release);
  BUSBAR_CRASH_POINT("pin.cleared");
  wake_room_waiters(ring_);
}

void Holds::pin_current() noexcept {
  std::uint64_t released = released_.load(std::memory_order_acquire);
  const std::uint64_t current = held_with(released) & ~(released >> kPinnedShift);
  if (current == 0) return;
  const auto place = static_cast<std::uint32_t>(std::countr_zero(current));
  const std::uint64_t position = position_[place].load(std::memory_order_relaxed);
  const Word word(ring_.record(position).word.load(std::memory_order_acquire));
  // Still held behind the load: it was this record's word, and no later one's.
  released = released_.load(std::memory_order_acquire);
  if ((held_with(released) & current) == 0) return;
  seat_.pinned_at_ms[place].store(sync::coarse_milliseconds(), std::memory_order_relaxed);
  // Before the cursor (release in move_cursor): who sees the one sees the other.
  seat_.pin[place].store(
      Pin(position & ring_.mask, ring_.extent(word.length()), ring_.capacity).bits(),
      std::memory_order_release);
  BUSBAR_CRASH_POINT("pin_current.stored");
  do {
    // Released meanwhile: that thread saw no pin and clears none.
    if ((held_with(released) & current) == 0) return clear_pin(place);
    move_cursor(released, current);
  } while (
      !released_.compare_exchange_weak(released, (released | current << kPinnedShift) + kStep));
}

bool Holds::let_go_pinned(std::uint32_t place, std::uint64_t released) noexcept {
  const std::uint64_t own = std::uint64_t{1} << place;
  const bool all = pins_all();
  for (;;) {
    std::uint64_t held = held_with(released) & ~own;
    if ((released & kDetached) == 0) {
      if ((released & own << kPinnedShift) != 0) clear_pin(place);
      if (!all) held = move_cursor(released, own);
    }
    std::uint64_t after = (released ^ own) + kStep;
    if (!all) after &= ~(own << kPinnedShift);
    if (!released_.compare_exchange_weak(released, after)) continue;
    return held == 0 && (released & kClosed) != 0;
  }
}

bool Holds::close() noexcept {
  std::uint64_t released = released_.load(std::memory_order_acquire);
  const bool detached = (released & kDetached) != 0;
  if (!detached) {
    pin_current();
    pass(kNowhere);
  }
  released = released_.load(std::memory_order_acquire);
  std::uint64_t held = 0;
  do {
    held = held_with(released);
  } while (!released_.compare_exchange_weak(released, (released | kClosed) + kStep));
  return held == 0;
}

}  // namespace busbar::ring
