#pragma once

#include <cstddef>

#include "control.hpp"
#include "idle.hpp"
#include "order.hpp"
#include "payload.hpp"
#include "plan.hpp"

// What the processes of a one-way sample do. A peer is a class made by
//   Peer(const Plan&)                           before the fork; its destructor cleans up
// with two classes inside, each made in its own process:
//   Sender(Peer&, const Plan&, int channel, int id)
//     bool send(std::size_t size, Write write)  write(void* room) fills it; false: no room, the
//     same
//                                               message is tried again
//     void flush()                              nothing may be kept back after it
//   Receiver(Peer&, const Plan&, int channel, int id)
//     int poll(Visit visit)                     visit(const void* message) for what is there
// Under Wait::block send and poll wait by themselves. Each returns from its constructor when every
// message sent from then on will reach its readers; Peer::pids() are its daemons.

namespace compare {

/// Counts in, then waits until everybody is there.
inline void wait_for_start(Control& control) {
  control.arrived.fetch_add(1);
  control.wait_past(Phase::preparing);
}

/// A daemon of a peer may take its clients' places away with them.
inline void wait_for_the_others(Control& control) {
  control.wait_past(Phase::stopping);
}

/// One message, however long it takes: a peer may have sent a part of it. False if the sample is
/// over instead. Inlined, so that what a sender keeps about
/// itself can stay in registers.
template <typename Sender>
[[gnu::always_inline]] inline bool send(Sender& sender, Shape shape, Control& control, Stamp stamp,
                                        Idle& idle) {
  const auto write = [=](void* room) { fill(room, shape, stamp); };
  if (sender.send(shape.size, write)) [[likely]]
    return true;
  do {
    if (control.is_over()) return false;
    idle();
  } while (!sender.send(shape.size, write));
  idle.reset();
  return true;
}

template <typename Peer>
void write(Peer& peer, const Plan& plan, Control& control, int id) {
  typename Peer::Sender sender(peer, plan, 0, id);
  wait_for_start(control);
  const Shape shape = plan.shape();
  Tally& tally = control.writers[id];
  Idle idle(plan.wait);
  const auto first = static_cast<std::uint64_t>(id) * static_cast<std::uint64_t>(plan.channels);
  const std::uint64_t behind = first + static_cast<std::uint64_t>(plan.channels);
  Stamp stamp{.source = first};
  std::uint64_t messages = 0;
  if (plan.test == Test::idle) control.wait_past(Phase::measuring);
  while (control.sends()) {
    if (!send(sender, shape, control, stamp, idle)) break;
    ++messages;
    if (++stamp.source == behind) {
      stamp.source = first;
      ++stamp.number;
    }
  }
  // Goes on with the channel whose turn it is: senders take turns by themselves.
  for (int n = 0; n < plan.channels; ++n) {
    send(sender, shape, control, {stamp.source, Stamp::kEnd}, idle);
    if (++stamp.source == behind) stamp.source = first;
  }
  sender.flush();
  tally.messages.store(messages);  // what is counted while it runs costs what is measured
  tally.done.store(true);
  wait_for_the_others(control);
}

template <typename Peer>
void read(Peer& peer, const Plan& plan, Control& control, int id) {
  typename Peer::Receiver receiver(peer, plan, 0, id);
  control.arrived.fetch_add(1);
  Tally& tally = control.readers[id];
  Order order(tally, plan.shape(), static_cast<std::size_t>(plan.writers * plan.channels));
  Idle idle(plan.wait);
  const std::size_t sources = order.sources_left();
  std::uint64_t received = 0;
  while (!order.at_end()) {
    const int count = receiver.poll([&](const void* message) { order.take(message); });
    if (count > 0) {
      received += static_cast<std::uint64_t>(count);
      // Less the ends.
      tally.messages.store(received - (sources - order.sources_left()), std::memory_order_relaxed);
      idle.reset();
    } else {
      if (control.is_over()) break;
      idle();
    }
  }
  tally.messages.store(order.messages());
  tally.done.store(true);
  wait_for_the_others(control);
}

}  // namespace compare
