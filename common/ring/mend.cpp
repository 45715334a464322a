// SPDX-License-Identifier: Apache-2.0
#include "common/ring/mend.hpp"

#include "common/base/crash_point.hpp"
#include "common/ring/deaths.hpp"
#include "common/ring/repair.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/ring_mutex.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

/// Takes the mutex from whatever tenant of a slot that is known to have none any more.
bool take_over_from(sync::RingMutex& mutex, std::uint32_t slot, std::uint32_t owner) {
  const std::uint32_t holder = mutex.holder();
  return holder != sync::RingMutex::kFree && slot_of_owner(holder) == slot &&
         mutex.take_over(holder, owner);
}

/// A slot that its tenant left in peace has nothing to mend.
bool is_clean(const RingView& ring, std::uint32_t slot) {
  return ring.slots[slot].oldest_claim.load(std::memory_order_acquire) == kNoClaim &&
         slot_of_owner(sync::RingMutex(ring.control->mutex, ring.fence_rule).holder()) != slot;
}

}  // namespace

bool begin_mending(const RingView& ring, std::uint32_t slot, SlotWord seen, std::uint32_t owner) {
  if (seen.state() == SlotState::mending && seen.mender() != owner &&
      !owner_gone(ring, seen.mender())) {
    return false;
  }
  // acquire: what a mender that has died has done, and what the dead holder has.
  return ring.slots[slot].word.compare_exchange_strong(seen, seen.with(SlotState::mending, owner),
                                                       std::memory_order_acq_rel);
}

bool mend(const RingView& ring, std::uint32_t slot, std::uint32_t owner) {
  sync::RingMutex mutex(ring.control->mutex, ring.fence_rule);
  bool sound = true;
  if (ring.max_publishers == 1) {
    sound = repair(ring);
  } else {
    // Before the slot is free: nobody else could ever take the mutex from its next tenant.
    if (take_over_from(mutex, slot, owner)) {
      sound = repair(ring);
      BUSBAR_CRASH_POINT("mend.repaired");
      mutex.unlock();
    }
    sound = abort_claims_of(ring, slot) && sound;
  }
  ring.seats_control->room_waiters.fetch_and(~(std::uint64_t{1} << slot));
  ring.control->mutex.waiters.fetch_and(~(std::uint64_t{1} << slot));
  ring.slots[slot].oldest_claim.store(kNoClaim, std::memory_order_release);
  BUSBAR_CRASH_POINT("mend.cleared");
  ring_everybody(ring);
  hail_publishers(ring);  // it may have heard one and died over it
  BUSBAR_CRASH_POINT("mend.rung");
  return sound;
}

bool mend_if_gone(const RingView& ring, std::uint32_t slot, std::uint32_t owner) {
  if (slot == slot_of_owner(owner)) return false;
  std::atomic<SlotWord>& word = ring.slots[slot].word;
  const SlotWord seen = word.load(std::memory_order_acquire);
  const bool is_mended = seen.state() == SlotState::mended || seen.state() == SlotState::free;
  if (is_mended || (seen.state() == SlotState::left && is_clean(ring, slot))) return false;
  if (!holder_gone(ring, slot, seen) || !begin_mending(ring, slot, seen, owner)) return false;
  const bool sound = mend(ring, slot, owner);
  // A damaged ring is the broker's to close: it finds the same.
  SlotWord mine = seen.with(SlotState::mending, owner);
  word.compare_exchange_strong(mine, seen.with(sound ? SlotState::mended : SlotState::left),
                               std::memory_order_acq_rel);
  return sound;
}

}  // namespace busbar::ring
