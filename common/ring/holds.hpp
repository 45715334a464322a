#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "common/layout/limits.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/seat_kind.hpp"

namespace busbar::ring {

/// Which records one seat still needs, and so where its cursor stands and which of its pins are
/// set. The receiving thread holds, any thread lets go. Lock-free.
///
/// A record is held in a *place*, 0 to 7. The one received last is kept by the cursor, which stands
/// at it; before the next one is taken it is pinned, and the cursor moves on: publishers then step
/// over it. A seat that pins everything (SeatKind) hands out pinned records only.
///
/// A place is held while its bits in `taken_` (changed by the receiving thread alone, plain stores)
/// and in `released_` (changed by read-modify-write, each counted) differ; `released_` also says
/// which are pinned. Whoever changes something loads `released_`, moves the cursor to what that
/// makes right (unless `released_` has changed meanwhile), and then changes `released_` by a
/// compare-and-swap; if that fails, somebody else has changed something, and it starts over. So the
/// last store of the cursor is by the last one to change anything, who has seen it all (an earlier,
/// lower one that comes late is mended by its own retry; lower is always safe). A pin is cleared
/// before that step, by whoever lets go. Behind it nobody touches anything, so that another thread
/// may dispose of it.
class Holds {
 public:
  Holds(const RingView& ring, std::uint32_t seat, std::uint64_t next,
        SeatKind kind = SeatKind::reliable);

  /// Whether nothing is held and nothing needs a pin, so that place 0 may be taken as it is.
  /// Receiving thread, as all but let_go().
  bool is_plain() const noexcept {
    return ((taken_.load(std::memory_order_relaxed) ^ released_.load(std::memory_order_acquire)) &
            (kPlaces | kPinsAll)) == 0;
  }
  /// Whether all that is held is pinned, in a seat that does not pin everything, and a place is
  /// free: it may be taken as it is.
  bool is_all_pinned(std::uint32_t& place) const noexcept {
    if (pins_all()) return false;
    const std::uint64_t released = released_.load(std::memory_order_acquire);
    const std::uint64_t held = held_with(released);
    place = static_cast<std::uint32_t>(std::countr_one(held));
    return (held & ~(released >> kPinnedShift)) == 0 && place != kNone;
  }
  /// Then nothing is kept by the cursor, which the receiving thread alone moves. Any thread.
  bool pins_all() const noexcept {
    return (taken_.load(std::memory_order_relaxed) & kPinsAll) != 0;
  }

  /// A free place, or kNone if 8 messages are held.
  static constexpr std::uint32_t kNone = layout::kPinsPerSeat;
  std::uint32_t free_place() const noexcept;

  /// Holds the record at `position` in `place`; reading goes on at `next`.
  void hold(std::uint32_t place, std::uint64_t position, std::uint64_t next) noexcept {
    position_[place].store(position, std::memory_order_relaxed);
    toggle(place);
    // Behind the hold: who sees this `next` sees the hold that lies before it (move_cursor).
    next_.store(next, std::memory_order_release);
  }

  /// In a seat that pins everything: holds a record that is pinned in `place` already, the cursor
  /// moves behind it; and lets go of what no other thread has seen.
  void hold_pinned(std::uint32_t place, std::uint64_t next) noexcept;
  void unhold_pinned(std::uint32_t place) noexcept;

  /// Pins what the cursor keeps, if anything: the cursor moves to the reading position.
  void pin_current() noexcept;

  /// Reading goes on at `next`, nothing new is held; moves the cursor.
  void pass(std::uint64_t next) noexcept {
    if (next != next_.load(std::memory_order_relaxed)) pass_on(next);
  }

  /// Any thread: the record in `place` is no longer needed. True if the owner has closed and this
  /// was the last one: the caller then disposes of everything.
  [[nodiscard]] bool let_go(std::uint32_t place) noexcept {
    const std::uint64_t own = std::uint64_t{1} << place;
    std::uint64_t released = released_.load(std::memory_order_acquire);
    if ((released & (own << kPinnedShift | kDetached)) != 0) [[unlikely]]
      return let_go_pinned(place, released);
    const std::uint64_t held = move_cursor(released, own);
    if (!released_.compare_exchange_strong(released, (released ^ own) + kStep)) [[unlikely]]
      return let_go_pinned(place, released);
    return held == 0 && (released & kClosed) != 0;
  }

  /// After fork, in the child: the seat is the parent's, from now on it is left alone.
  void detach() noexcept { released_.fetch_or(kDetached, std::memory_order_relaxed); }

  /// Once: it reads no more, and from now on gates nobody; what is held stays pinned. True if
  /// nothing is held: the caller disposes.
  [[nodiscard]] bool close() noexcept;

 private:
  static constexpr std::uint64_t kPlaces = (1u << layout::kPinsPerSeat) - 1;
  static constexpr std::uint64_t kClosed = 1u << 8;
  static constexpr std::uint64_t kDetached = 1u << 9;
  static constexpr unsigned kPinnedShift = 16;                    // in released_
  static constexpr std::uint64_t kPinsAll = 1u << 10;             // in taken_, constant
  static constexpr std::uint64_t kStep = std::uint64_t{1} << 32;  // counts changes: no ABA
  static_assert(((kPinsAll | kPlaces) & ~(kStep - 1)) == 0,
                "the count would one day be taken for a mark, and a lossy seat read unpinned");

  void toggle(std::uint32_t place) noexcept {
    taken_.store(taken_.load(std::memory_order_relaxed) ^ (std::uint64_t{1} << place),
                 std::memory_order_release);
  }
  void pass_on(std::uint64_t next) noexcept;
  bool let_go_pinned(std::uint32_t place, std::uint64_t released) noexcept;
  void clear_pin(std::uint32_t place) noexcept;
  std::uint64_t held_with(std::uint64_t released) const noexcept {
    return (taken_.load(std::memory_order_acquire) ^ released) & kPlaces;
  }
  std::uint64_t move_cursor(std::uint64_t released, std::uint64_t without) noexcept;
  void store_cursor(std::uint64_t to) noexcept;

  RingView ring_;
  layout::Seat& seat_;
  alignas(layout::kCacheLine) std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> next_;
  std::atomic<std::uint64_t> released_{0};
  std::atomic<std::uint64_t> position_[layout::kPinsPerSeat] = {};
};

}  // namespace busbar::ring
