#pragma once

#include <atomic>
#include <cstdint>

#include "common/layout/limits.hpp"
#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// Which records one seat still needs, and so where its cursor stands: the oldest record that is
/// held, or the next to be read. The receiving thread holds, any thread lets go. Lock-free.
///
/// A place is held while its bits in `taken_` (changed by the receiving thread alone, plain stores)
/// and in `released_` (changed by read-modify-write, each counted) differ. Whoever changes
/// something loads `released_`, moves the cursor to what that makes right (unless `released_` has
/// changed meanwhile), and then changes `released_` by a compare-and-swap; if that fails, somebody
/// else has changed something, and it starts over. So the last store of the cursor is by the last
/// one to change anything, who has seen it all (an earlier, lower one that comes late is mended by
/// its own retry; lower is always safe). Behind that step nobody touches anything, so that another
/// thread may dispose of it.
class Holds {
 public:
  Holds(const RingView& ring, std::uint32_t seat, std::uint64_t next);

  /// A free place, or kNone if 8 messages are held. Receiving thread.
  static constexpr std::uint32_t kNone = layout::kPinsPerSeat;
  std::uint32_t free_place() const noexcept;

  /// Receiving thread: holds the record at `position` in `place`; reading goes on at `next`.
  void hold(std::uint32_t place, std::uint64_t position, std::uint64_t next) noexcept {
    position_[place].store(position, std::memory_order_relaxed);
    taken_.store(taken_.load(std::memory_order_relaxed) ^ (std::uint64_t{1} << place),
                 std::memory_order_release);
    // Behind the hold: who sees this `next` sees the hold that lies before it (held_below).
    next_.store(next, std::memory_order_release);
  }

  /// Receiving thread: reading goes on at `next`, nothing new is held; moves the cursor.
  void pass(std::uint64_t next) noexcept {
    if (next != next_.load(std::memory_order_relaxed)) pass_on(next);
  }

  /// Any thread: the record in `place` is no longer needed. True if the owner has closed and this
  /// was the last one: the caller then disposes of everything.
  [[nodiscard]] bool let_go(std::uint32_t place) noexcept;

  /// After fork, in the child: the seat is the parent's, from now on its cursor is left alone.
  void detach() noexcept { detached_.store(true, std::memory_order_relaxed); }

  /// Receiving thread, once: it reads no more. True if nothing is held: the caller disposes.
  [[nodiscard]] bool close() noexcept;

 private:
  static constexpr std::uint64_t kPlaces = (1u << layout::kPinsPerSeat) - 1;
  static constexpr std::uint64_t kClosed = 1u << 8;
  static constexpr std::uint64_t kStep = std::uint64_t{1} << 32;  // counts changes: no ABA

  void pass_on(std::uint64_t next) noexcept;
  std::uint64_t held_with(std::uint64_t released) const noexcept;
  std::uint64_t lowest_of(std::uint64_t held, std::uint64_t next) const noexcept;
  std::uint64_t move_cursor(std::uint64_t released, std::uint64_t without) noexcept;

  RingView ring_;
  std::atomic<std::uint64_t>& cursor_;
  alignas(layout::kCacheLine) std::atomic<std::uint64_t> taken_{0};
  std::atomic<std::uint64_t> next_;
  std::atomic<std::uint64_t> released_{0};
  std::atomic<bool> detached_{false};
  std::atomic<std::uint64_t> position_[layout::kPinsPerSeat] = {};
};

}  // namespace busbar::ring
