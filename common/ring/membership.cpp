#include "common/ring/membership.hpp"

#include "common/layout/pin.hpp"
#include "common/ring/repair.hpp"
#include "common/ring/tail.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/coarse_clock.hpp"
#include "common/sync/doorbell.hpp"
#include "common/sync/ring_mutex.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

template <typename Place>
void store_member(Place& place, const Member& member) {
  place.session.store(member.session, std::memory_order_relaxed);
  place.start_time.store(member.start_time, std::memory_order_relaxed);
  place.pid_namespace.store(member.pid_namespace, std::memory_order_relaxed);
  place.pid.store(member.pid, std::memory_order_release);
}

/// Takes the mutex from whatever tenant of a slot that is known to have none any more.
bool take_over_from(sync::RingMutex& mutex, std::uint32_t slot) {
  const std::uint32_t holder = mutex.holder();
  return holder != sync::RingMutex::kFree && slot_of_owner(holder) == slot &&
         mutex.take_over(holder, kBrokerOwner);
}

/// `value` behind `from`, or 0 if hostile bytes would make it negative.
std::uint64_t distance(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

}  // namespace

void grant_slot(const RingView& ring, std::uint32_t index, const Member& member) {
  PublisherSlot& slot = ring.slots[index];
  slot.oldest_claim.store(kNoClaim, std::memory_order_relaxed);
  slot.ended.store(0, std::memory_order_relaxed);
  slot.generation.fetch_add(1);
  store_member(slot, member);
  slot.state.store(SlotState::held, std::memory_order_release);
}

void grant_seat(const RingView& ring, std::uint32_t index, const Member& member) {
  Seat& seat = ring.seats[index];
  for (auto& pin : seat.pin) pin.store(0, std::memory_order_relaxed);
  seat.lost.store(0, std::memory_order_relaxed);
  seat.epoch.fetch_add(1, std::memory_order_relaxed);
  sync::take_token(seat.bell);
  store_member(seat, member);
  seat.state.store(SeatState::reserved, std::memory_order_release);
}

bool recover_slot(const RingView& ring, std::uint32_t index) {
  PublisherSlot& slot = ring.slots[index];
  sync::RingMutex mutex(ring.control->mutex);
  bool sound = true;
  if (ring.max_publishers == 1) {
    sound = repair(ring);
  } else {
    // Before the slot is free: nobody else could ever take the mutex from its next tenant.
    if (take_over_from(mutex, index)) {
      sound = repair(ring);
      mutex.unlock();
    }
    sound = abort_claims_of(ring, index) && sound;
  }
  ring.seats_control->room_waiters.fetch_and(~(std::uint64_t{1} << index));
  slot.oldest_claim.store(kNoClaim, std::memory_order_release);
  ring_everybody(ring);
  sync::take_token(ring.doorbells[index].bell);
  store_member(slot, {});
  slot.state.store(SlotState::free, std::memory_order_release);
  return sound;
}

void reap_seat(const RingView& ring, std::uint32_t index) {
  Seat& seat = ring.seats[index];
  const std::uint32_t word = index / kBitsPerWord;
  const std::uint64_t bit = std::uint64_t{1} << (index % kBitsPerWord);
  ring.seats_control->sleepers[word].fetch_and(~bit);
  ring.seats_control->active[word].fetch_and(~bit);
  for (auto& pin : seat.pin) pin.store(0, std::memory_order_release);
  sync::take_token(seat.bell);
  // It may have died between moving its cursor and waking a publisher.
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) sync::ring_bell(ring.doorbells[i].bell);
  store_member(seat, {});
  seat.state.store(SeatState::free, std::memory_order_release);
}

bool slot_left(const RingView& ring, std::uint32_t slot) {
  return ring.slots[slot].state.load(std::memory_order_acquire) == SlotState::left;
}

bool seat_left(const RingView& ring, std::uint32_t seat) {
  return ring.seats[seat].state.load(std::memory_order_acquire) == SeatState::left;
}

void close_channel(const RingView& ring) {
  ring.control->channel.state.store(ChannelState::closed, std::memory_order_release);
  hail_publishers(ring);
  ring_everybody(ring);
}

void set_broker(const RingView& ring, const Member& broker) {
  ChannelLine& line = ring.control->channel;
  line.broker_start_time.store(broker.start_time, std::memory_order_relaxed);
  line.broker_pid_namespace.store(broker.pid_namespace, std::memory_order_relaxed);
  line.broker_pid.store(broker.pid, std::memory_order_release);
}

ChannelCounts channel_counts(const RingView& ring) {
  const PublishersLine& line = ring.control->publishers;
  return {line.claimed.load(std::memory_order_acquire), read_tail(ring).position,
          line.sequence.load(std::memory_order_relaxed),
          ring.control->channel.dropped.load(std::memory_order_relaxed),
          ring.control->channel.evicted.load(std::memory_order_relaxed)};
}

SlotCounts slot_counts(const RingView& ring, std::uint32_t index) {
  const PublisherSlot& slot = ring.slots[index];
  const std::uint64_t oldest = slot.oldest_claim.load(std::memory_order_acquire);
  const std::uint64_t claimed = ring.control->publishers.claimed.load(std::memory_order_acquire);
  return {oldest == kNoClaim ? 0 : distance(oldest, claimed),
          slot.ended.load(std::memory_order_relaxed) != 0};
}

SeatCounts seat_counts(const RingView& ring, std::uint32_t index) {
  const Seat& seat = ring.seats[index];
  const std::uint64_t cursor = seat.cursor.load(std::memory_order_acquire);
  const std::uint64_t claimed = ring.control->publishers.claimed.load(std::memory_order_acquire);
  SeatCounts counts;
  counts.state = seat.state.load(std::memory_order_acquire);
  counts.cursor = cursor;
  counts.lag_bytes = distance(cursor, claimed);
  counts.lost = seat.lost.load(std::memory_order_relaxed);
  const std::uint32_t now = sync::coarse_milliseconds();
  for (std::uint32_t i = 0; i < kPinsPerSeat; ++i) {
    const Pin pin(seat.pin[i].load(std::memory_order_relaxed));
    if (pin.bits() == 0) continue;
    counts.hold[counts.held++] = {pin.bytes(ring.capacity),
                                  now - seat.pinned_at_ms[i].load(std::memory_order_relaxed)};
  }
  return counts;
}

}  // namespace busbar::ring
