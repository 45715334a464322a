#include "common/ring/shared_claims.hpp"

#include <algorithm>
#include <bit>

#include "common/base/crash_point.hpp"
#include "common/ring/deaths.hpp"
#include "common/ring/finish.hpp"
#include "common/ring/mend.hpp"
#include "common/ring/repair.hpp"
#include "common/sync/ring_mutex.hpp"

namespace busbar::ring {
namespace {

using namespace layout;
using sync::RingMutex;

/// Of a publisher that waits for the mutex.
struct Waiting {
  const RingView& ring;
  Lookout* lookout;
  bool is_over = false;  // the lookout has said so
};

/// After each slice of sleep: whether the wait is of no use as it is.
bool holder_gone(std::uint32_t owner, void* context) {
  Waiting& waiting = *static_cast<Waiting*>(context);
  if (waiting.lookout != nullptr) {
    const Blocker holder{true, slot_of_owner(owner)};
    waiting.is_over = !waiting.lookout->look(holder.index == kBrokerOwner ? nullptr : &holder);
    if (waiting.is_over) return true;
  }
  return owner_gone(waiting.ring, owner);
}

/// Under the mutex: whether every other publisher that is attached has called end().
bool others_ended(const RingView& ring, std::uint32_t own) {
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) {
    const PublisherSlot& slot = ring.slots[i];
    if (i != own && slot.word.load(std::memory_order_acquire).state() == SlotState::held &&
        slot.ended.load(std::memory_order_relaxed) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

SharedClaims::SharedClaims(const RingView& ring, std::uint32_t slot)
    : slot_(slot),
      owner_(mutex_owner(slot, ring.slots[slot].word.load(std::memory_order_acquire).generation())),
      finder_(ring) {}

Outcome SharedClaims::lock(const RingView& ring, const Deadline& deadline) {
  RingMutex mutex(ring.control->mutex, ring.fence_rule);
  Waiting waiting{ring, lookout_};
  for (;;) {
    switch (mutex.lock(owner_, deadline, holder_gone, &waiting)) {
      case RingMutex::Result::acquired:
        return Outcome::ok;
      case RingMutex::Result::owner_dead: {
        if (waiting.is_over) return Outcome::closed;
        const std::uint32_t dead = mutex.holder();
        if (dead == RingMutex::kFree || !owner_gone(ring, dead) || !mutex.take_over(dead, owner_)) {
          continue;  // the broker or a fellow was faster
        }
        dead_ = slot_of_owner(dead);
        if (repair(ring)) return Outcome::ok;
        mutex.unlock();
        return Outcome::closed;
      }
      case RingMutex::Result::busy:
      case RingMutex::Result::timed_out:
        return Outcome::timeout;
    }
  }
}

/// A bit of somebody dead costs each of us a system call a claim. Who has it is mended, now and
/// then.
void SharedClaims::look_for_dead_waiters(const RingView& ring) noexcept {
  constexpr std::uint32_t kWakes = 256;
  if (++woken_ % kWakes != 0) return;
  std::uint64_t bits = ring.control->mutex.waiters.load(std::memory_order_relaxed);
  for (; bits != 0; bits &= bits - 1) {
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(bits));
    if (slot < ring.max_publishers && slot != slot_) mend_if_gone(ring, slot, owner_);
  }
}

/// And what could not be done under it.
void SharedClaims::unlock(const RingView& ring) {
  if (RingMutex(ring.control->mutex, ring.fence_rule).unlock()) look_for_dead_waiters(ring);
  if (looked_for_room_) [[unlikely]] {
    looked_for_room_ = false;
    if (lookout_ != nullptr) is_over_ = !lookout_->look(nullptr);
  }
  if (dead_ < ring.max_publishers) [[unlikely]]
    mend_if_gone(ring, dead_, owner_);  // the claims of whom we had the mutex from
  dead_ = kNobody;
}

Outcome SharedClaims::claim(const RingView& ring, std::uint64_t size, const Deadline& deadline,
                            Room& room) {
  open_.make_room();  // nothing may throw under the mutex
  const Outcome locked = lock(ring, deadline);
  if (locked != Outcome::ok) return locked;
  const Outcome outcome = claim_locked(ring, size, room);
  unlock(ring);
  return outcome;
}

Outcome SharedClaims::try_claim(const RingView& ring, std::uint64_t size, Room& room) {
  open_.make_room();
  RingMutex mutex(ring.control->mutex, ring.fence_rule);
  if (!mutex.spin_lock(owner_)) return Outcome::timeout;
  const Outcome outcome = claim_locked(ring, size, room);
  unlock(ring);
  return outcome;
}

Outcome SharedClaims::claim_locked(const RingView& ring, std::uint64_t size, Room& room) {
  PublishersLine& line = ring.control->publishers;
  Boundary at{line.claimed.load(std::memory_order_relaxed),
              line.sequence.load(std::memory_order_relaxed)};
  const std::uint64_t length = kHeaderBytes + size;
  const std::uint64_t extent = ring.extent(length);
  if (at.position + extent + kReserveBytes > line.limit.load(std::memory_order_relaxed)) {
    const Outcome outcome = find_room(ring, extent, at);
    if (outcome != Outcome::ok) return outcome;
  }
  open_.add(at.position);
  place(ring, at.position, length, extent, at.sequence);
  room = {at.position, size};
  return Outcome::ok;
}

/// Under the mutex. Moves `at` over what is held there, as everybody may then see.
Outcome SharedClaims::find_room(const RingView& ring, std::uint64_t extent, Boundary& at) {
  if (ring.closed() || is_over_) return Outcome::closed;
  looked_for_room_ = true;
  PublishersLine& line = ring.control->publishers;
  Limits limits{line.gate_limit.load(std::memory_order_relaxed), 0};
  std::uint64_t place = 0;
  const bool found = finder_.find(ring, at.position, extent, at, limits, place);
  line.gate_limit.store(limits.gate, std::memory_order_relaxed);
  if (!found) return Outcome::full;
  if (place != at.position) {
    step_over(ring, at.position, place, slot_);
    BUSBAR_CRASH_POINT("claim.stepped_over");
    // A death before this: repair() walks over the skip.
    line.claimed.store(place, std::memory_order_release);
    at.position = place;
  }
  line.limit.store(limits.usable, std::memory_order_relaxed);
  return Outcome::ok;
}

Outcome SharedClaims::claim_end(const RingView& ring, const Deadline& deadline, Room& room,
                                bool& last) {
  open_.make_room();
  const Outcome locked = lock(ring, deadline);
  if (locked != Outcome::ok) return locked;
  last = others_ended(ring, slot_);
  const Outcome outcome = last ? claim_locked(ring, 0, room) : Outcome::ok;
  if (outcome == Outcome::ok) ring.slots[slot_].ended.store(1, std::memory_order_relaxed);
  unlock(ring);
  return outcome;
}

}  // namespace busbar::ring
