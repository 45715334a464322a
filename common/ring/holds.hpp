#pragma once

#include <atomic>
#include <cstdint>

#include "common/layout/limits.hpp"
#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// Which records one seat still needs, and so where its cursor stands: the oldest record that is
/// held, or the next to be read. The receiving thread holds; any thread lets go. Lock-free.
///
/// `next` is stored after a hold that lies before it (release) and loaded before the holds
/// (acquire), and letting go is one read-modify-write: so of several threads that compute the
/// cursor at once each finds a bound that was right, the last one finds the highest, and the cursor
/// only ever moves up.
class Holds {
 public:
  Holds(const RingView& ring, std::uint32_t seat, std::uint64_t next);

  /// A free place, or kNone if 8 messages are held.
  static constexpr std::uint32_t kNone = layout::kPinsPerSeat;
  std::uint32_t free_place() const noexcept;

  /// Receiving thread: holds the record at `position` in `place`; reading goes on at `next`.
  void hold(std::uint32_t place, std::uint64_t position, std::uint64_t next) noexcept;

  /// Receiving thread: reading goes on at `next`, nothing new is held; moves the cursor.
  void pass(std::uint64_t next) noexcept;

  /// Any thread: the record in `place` is no longer needed. True if the owner has closed and this
  /// was the last one: the caller then disposes of everything.
  [[nodiscard]] bool let_go(std::uint32_t place) noexcept;

  /// After fork, in the child: the seat is the parent's, from now on its cursor is left alone.
  void detach() noexcept { detached_.store(true, std::memory_order_relaxed); }

  /// Receiving thread, once: it reads no more. True if nothing is held: the caller disposes.
  [[nodiscard]] bool close() noexcept;

 private:
  static constexpr std::uint32_t kHeldMask = (1u << layout::kPinsPerSeat) - 1;
  static constexpr std::uint32_t kOwner = 1u << 8;
  static constexpr std::uint32_t kReleasing = 1u << 16;  // counts threads inside let_go

  void advance() noexcept;

  RingView ring_;
  std::atomic<std::uint64_t>& cursor_;
  alignas(layout::kCacheLine) std::atomic<std::uint32_t> state_{kOwner};
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> detached_{false};
  std::atomic<std::uint64_t> position_[layout::kPinsPerSeat] = {};
};

}  // namespace busbar::ring
