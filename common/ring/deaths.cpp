// SPDX-License-Identifier: Apache-2.0
#include "common/ring/deaths.hpp"

#include "common/sync/process_identity.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

template <typename Place>
sync::ProcessIdentity identity(const Place& place) {
  return {place.pid.load(std::memory_order_acquire),
          place.start_time.load(std::memory_order_acquire),
          place.pid_namespace.load(std::memory_order_acquire)};
}

bool broker_gone(const RingView& ring, std::uint32_t owner) {
  const ChannelLine& line = ring.control->channel;
  // An earlier broker: there is only one at a time.
  if (owner != broker_owner(ring)) return true;
  return sync::known_dead({line.broker_pid.load(std::memory_order_acquire),
                           line.broker_start_time.load(std::memory_order_acquire),
                           line.broker_pid_namespace.load(std::memory_order_acquire)});
}

}  // namespace

bool holder_gone(const RingView& ring, std::uint32_t slot, SlotWord seen) {
  // Who mends it has proved it; a slot that is free has no holder.
  if (seen.state() != SlotState::held) return true;
  return sync::known_dead(identity(ring.slots[slot]));
}

bool holder_gone(const Seat& seat) {
  return sync::known_dead(identity(seat));
}

bool owner_gone(const RingView& ring, std::uint32_t owner) {
  const std::uint32_t slot = slot_of_owner(owner);
  if (slot == kBrokerOwner) return broker_gone(ring, owner);
  if (slot >= ring.max_publishers) return true;  // nobody can be that
  const SlotWord word = ring.slots[slot].word.load(std::memory_order_acquire);
  // Given anew: only what nobody is in any more is freed.
  return owner != mutex_owner(slot, word.generation()) || holder_gone(ring, slot, word);
}

std::uint32_t broker_owner(const RingView& ring) {
  return mutex_owner(kBrokerOwner,
                     ring.control->channel.broker_epoch.load(std::memory_order_acquire));
}

}  // namespace busbar::ring
