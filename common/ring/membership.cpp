#include "common/ring/membership.hpp"

#include "common/base/crash_point.hpp"
#include "common/layout/pin.hpp"
#include "common/ring/deaths.hpp"
#include "common/ring/mend.hpp"
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

template <typename Place>
Member load_member(const Place& place) {
  return {place.session.load(std::memory_order_relaxed), place.pid.load(std::memory_order_acquire),
          place.start_time.load(std::memory_order_relaxed),
          place.pid_namespace.load(std::memory_order_relaxed)};
}

/// Makes `slot` the broker's to free; `later` if it is not yet.
Recovered mend_by_broker(const RingView& ring, std::uint32_t slot, SlotWord seen) {
  if (seen.state() == SlotState::mended) return Recovered::done;
  const std::uint32_t owner = broker_owner(ring);
  if (!begin_mending(ring, slot, seen, owner)) return Recovered::later;
  return mend(ring, slot, owner) ? Recovered::done : Recovered::damaged;
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
  store_member(slot, member);
  BUSBAR_CRASH_POINT("grant_slot.member");
  const SlotWord last = slot.word.load(std::memory_order_relaxed);
  slot.word.store({SlotState::held, last.generation() + 1}, std::memory_order_release);
  BUSBAR_CRASH_POINT("grant_slot.held");
}

void grant_seat(const RingView& ring, std::uint32_t index, const Member& member) {
  Seat& seat = ring.seats[index];
  for (auto& pin : seat.pin) pin.store(0, std::memory_order_relaxed);
  seat.lost.store(0, std::memory_order_relaxed);
  sync::take_token(seat.bell);
  store_member(seat, member);
  BUSBAR_CRASH_POINT("grant_seat.member");
  const SeatWord last = seat.word.load(std::memory_order_relaxed);
  seat.word.store({SeatState::reserved, last.epoch() + 1}, std::memory_order_release);
  BUSBAR_CRASH_POINT("grant_seat.reserved");
}

Recovered recover_slot(const RingView& ring, std::uint32_t index) {
  PublisherSlot& slot = ring.slots[index];
  const SlotWord seen = slot.word.load(std::memory_order_acquire);
  const Recovered recovered = mend_by_broker(ring, index, seen);
  if (recovered == Recovered::later) return recovered;
  BUSBAR_CRASH_POINT("recover_slot.mended");
  sync::take_token(ring.doorbells[index].bell);
  store_member(slot, {});
  BUSBAR_CRASH_POINT("recover_slot.member");
  slot.word.store(seen.with(SlotState::free), std::memory_order_release);
  BUSBAR_CRASH_POINT("recover_slot.freed");
  return recovered;
}

void reap_seat(const RingView& ring, std::uint32_t index) {
  Seat& seat = ring.seats[index];
  const std::uint32_t word = index / kBitsPerWord;
  const std::uint64_t bit = std::uint64_t{1} << (index % kBitsPerWord);
  ring.seats_control->sleepers[word].fetch_and(~bit);
  ring.seats_control->active[word].fetch_and(~bit);
  BUSBAR_CRASH_POINT("reap_seat.inactive");
  for (auto& pin : seat.pin) pin.store(0, std::memory_order_release);
  BUSBAR_CRASH_POINT("reap_seat.pins");
  sync::take_token(seat.bell);
  // It may have died between moving its cursor and waking a publisher.
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) sync::ring_bell(ring.doorbells[i].bell);
  store_member(seat, {});
  BUSBAR_CRASH_POINT("reap_seat.member");
  seat.word.store(seat.word.load(std::memory_order_relaxed).with(SeatState::free),
                  std::memory_order_release);
  BUSBAR_CRASH_POINT("reap_seat.freed");
}

bool slot_left(const RingView& ring, std::uint32_t slot) {
  return ring.slots[slot].word.load(std::memory_order_acquire).state() == SlotState::left;
}

bool seat_left(const RingView& ring, std::uint32_t seat) {
  return ring.seats[seat].word.load(std::memory_order_acquire).state() == SeatState::left;
}

Standing slot_standing(const RingView& ring, std::uint32_t index) {
  const PublisherSlot& slot = ring.slots[index];
  const SlotState state = slot.word.load(std::memory_order_acquire).state();
  return {state == SlotState::free, state == SlotState::left, load_member(slot)};
}

Standing seat_standing(const RingView& ring, std::uint32_t index) {
  const Seat& seat = ring.seats[index];
  const SeatState state = seat.word.load(std::memory_order_acquire).state();
  return {state == SeatState::free, state == SeatState::left, load_member(seat)};
}

void close_channel(const RingView& ring) {
  ring.control->channel.state.store(ChannelState::closed, std::memory_order_release);
  BUSBAR_CRASH_POINT("close_channel.state");
  hail_publishers(ring);
  ring_everybody(ring);
}

void set_broker(const RingView& ring, const Member& broker, std::uint64_t epoch) {
  ChannelLine& line = ring.control->channel;
  // First: from here on a mutex or a slot that names the last broker names somebody who is gone.
  line.broker_epoch.store(static_cast<std::uint32_t>(epoch), std::memory_order_release);
  line.broker_start_time.store(broker.start_time, std::memory_order_relaxed);
  line.broker_pid_namespace.store(broker.pid_namespace, std::memory_order_relaxed);
  line.broker_pid.store(broker.pid, std::memory_order_release);
}

bool adopt(const RingView& ring, const Member& broker, std::uint64_t epoch) {
  set_broker(ring, broker, epoch);
  sync::RingMutex mutex(ring.control->mutex, ring.fence_rule);
  const std::uint32_t holder = mutex.holder();
  bool sound = true;
  if (holder != sync::RingMutex::kFree && slot_of_owner(holder) == kBrokerOwner &&
      mutex.take_over(holder, broker_owner(ring))) {
    sound = repair(ring);
    mutex.unlock();
  }
  ring.seats_control->broker_epoch.store(epoch, std::memory_order_release);
  hail_publishers(ring);
  ring_everybody(ring);
  return sound;
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
  counts.state = seat.word.load(std::memory_order_acquire).state();
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
