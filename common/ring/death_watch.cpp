// SPDX-License-Identifier: Apache-2.0
#include "common/ring/death_watch.hpp"

#include <bit>

#include "common/ring/active_seats.hpp"
#include "common/ring/deaths.hpp"
#include "common/ring/mend.hpp"
#include "common/ring/repair.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/coarse_clock.hpp"
#include "common/sync/ring_mutex.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// Between two looks of one that never sleeps.
constexpr std::uint32_t kSliceMs = 8;

/// The gate below `end` that is lowest, but for the own claims.
std::optional<Blocker> lowest_gate(const RingView& ring, std::uint32_t own, std::uint64_t end) {
  std::optional<Blocker> lowest;
  const auto take = [&](std::uint64_t position, const Blocker& blocker) {
    if (position >= end) return;
    end = position;
    lowest = blocker;
  };
  for (std::uint32_t i = 0; ring.max_publishers > 1 && i < ring.max_publishers; ++i) {
    if (i != own) take(ring.slots[i].oldest_claim.load(std::memory_order_acquire), {true, i});
  }
  for_each_active_seat(ring, [&](const Seat& seat) {
    if (seat.word.load(std::memory_order_acquire).state() != SeatState::reliable) return;
    take(seat.cursor.load(std::memory_order_acquire),
         {false, static_cast<std::uint32_t>(&seat - ring.seats)});
  });
  return lowest;
}

/// True if neither cursor nor pins of the seat count any more.
bool bury(const RingView& ring, Seat& seat) {
  SeatWord word = seat.word.load(std::memory_order_acquire);
  const bool counts = word.state() == SeatState::reliable || word.state() == SeatState::lossy ||
                      word.state() == SeatState::evicted;
  if (!counts || !holder_gone(seat)) return false;
  // With its epoch: the identity may be the next tenant's by now, who lives. The active bit may be
  // that one's too, and is the broker's to clear.
  if (!seat.word.compare_exchange_strong(word, word.with(SeatState::dead),
                                         std::memory_order_acq_rel)) {
    return false;
  }
  wake_room_waiters(ring);
  return true;
}

bool has_pins(const Seat& seat) {
  for (const auto& pin : seat.pin) {
    if (pin.load(std::memory_order_relaxed) != 0) return true;
  }
  return false;
}

void bury_who_pins(const RingView& ring) {
  for_each_active_seat(ring, [&](Seat& seat) {
    if (has_pins(seat)) bury(ring, seat);
  });
}

}  // namespace

DeathWatch::DeathWatch(const RingView& ring, std::uint32_t slot)
    : owner_(mutex_owner(slot, ring.slots[slot].word.load(std::memory_order_acquire).generation())),
      glanced_ms_(sync::coarse_milliseconds() - kSliceMs),
      heeded_ms_(glanced_ms_) {}

bool DeathWatch::is_due(std::uint32_t& last_ms) {
  const std::uint32_t now = sync::coarse_milliseconds();
  if (now - last_ms < kSliceMs) return false;
  last_ms = now;
  return true;
}

std::optional<Blocker> DeathWatch::look(const RingView& ring, std::uint64_t need) {
  if (need <= ring.capacity) return std::nullopt;
  const std::uint32_t members = ring.max_publishers + ring.max_subscribers;
  for (std::uint32_t i = 0; i < members; ++i) {
    const auto blocker = lowest_gate(ring, slot_of_owner(owner_), need - ring.capacity);
    if (!blocker) {
      bury_who_pins(ring);
      return std::nullopt;
    }
    const bool cleared = blocker->is_publisher ? mend_if_gone(ring, blocker->index, owner_)
                                               : bury(ring, ring.seats[blocker->index]);
    if (!cleared) return blocker;
  }
  return std::nullopt;
}

void DeathWatch::glance(const RingView& ring, std::uint64_t need) {
  if (is_due(glanced_ms_)) look(ring, need);
}

void DeathWatch::glance_at_mutex(const RingView& ring) {
  sync::RingMutex mutex(ring.control->mutex, ring.fence_rule);
  const std::uint32_t holder = mutex.holder();
  if (holder == sync::RingMutex::kFree || !is_due(glanced_ms_)) return;
  const std::uint32_t slot = slot_of_owner(holder);
  if (slot < ring.max_publishers) {
    mend_if_gone(ring, slot, owner_);
  } else if (owner_gone(ring, holder) && mutex.take_over(holder, owner_)) {
    repair(ring);  // a damaged ring says so at the next claim
    mutex.unlock();
  }
}

void DeathWatch::heed(const RingView& ring) {
  std::atomic<std::uint64_t>& wanted = ring.seats_control->mend_wanted;
  if (wanted.load(std::memory_order_relaxed) == 0 || !is_due(heeded_ms_)) return;
  // Whoever still waits behind a claim asks again.
  for (std::uint64_t bits = wanted.exchange(0); bits != 0; bits &= bits - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(bits));
    if (slot < ring.max_publishers) mend_if_gone(ring, slot, owner_);
  }
}

}  // namespace busbar::ring
