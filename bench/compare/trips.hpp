#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runners.hpp"
#include "trip_times.hpp"

// The two processes of a round trip: channel 0 leads there, channel 1 back.

namespace compare {

/// Trips of the measured time, each timed singly. Their memory is touched beforehand.
class TripLog {
 public:
  TripLog() : ticks_(kMost) {}

  bool is_full() const { return count_ == kMost; }
  void add(std::uint64_t ticks) {
    ticks_[count_++] = static_cast<std::uint32_t>(std::min<std::uint64_t>(ticks, UINT32_MAX));
  }
  TripTimes times(double tick) {
    ticks_.resize(count_);
    return trip_times(ticks_, tick);
  }

 private:
  static constexpr std::size_t kMost = 4 << 20;
  std::vector<std::uint32_t> ticks_;
  std::size_t count_ = 0;
};

/// Waits for one message; false if the sample is over instead.
template <typename Receiver, typename Visit>
[[gnu::always_inline]] inline bool receive(Receiver& receiver, Control& control, Idle& idle,
                                           Visit&& visit) {
  while (receiver.poll(visit) == 0) {
    if (control.is_over()) return false;
    idle();
  }
  idle.reset();
  return true;
}

template <typename Peer>
void ask(Peer& peer, const Plan& plan, Control& control) {
  typename Peer::Sender sender(peer, plan, 0, 0);
  typename Peer::Receiver receiver(peer, plan, 1, 0);
  const Shape shape = plan.shape();
  TripLog log;
  wait_for_start(control);
  const TickLength tick;
  Order order(control.readers[0], shape, 1);
  Idle idle(plan.wait);
  for (Stamp stamp; control.sends() && !log.is_full(); ++stamp.number) {
    const bool counts = control.phase.load(std::memory_order_relaxed) == Phase::measuring;
    const std::uint64_t begin = ticks();
    if (!send(sender, shape, control, stamp, idle)) break;
    sender.flush();
    if (!receive(receiver, control, idle, [&](const void* message) { order.take(message); })) {
      break;
    }
    if (counts) log.add(ticks() - begin);
    control.writers[0].messages.store(stamp.number + 1, std::memory_order_relaxed);
    control.readers[0].messages.store(stamp.number + 1, std::memory_order_relaxed);
  }
  send(sender, shape, control, {0, Stamp::kEnd}, idle);
  sender.flush();
  control.trips = log.times(tick.nanoseconds());
  control.readers[0].messages.store(order.messages());
  control.readers[0].done.store(true);
  control.writers[0].done.store(true);
  wait_for_the_others(control);
}

template <typename Peer>
void answer(Peer& peer, const Plan& plan, Control& control) {
  typename Peer::Receiver receiver(peer, plan, 0, 0);
  typename Peer::Sender sender(peer, plan, 1, 0);
  control.arrived.fetch_add(1);
  const Shape shape = plan.shape();
  Idle idle(plan.wait);
  for (;;) {
    Stamp stamp;
    const bool received = receive(receiver, control, idle, [&](const void* message) {
      if (!check(message, shape, stamp)) control.writers[0].wrong.fetch_add(1);
    });
    if (!received || stamp.number == Stamp::kEnd) break;
    if (!send(sender, shape, control, stamp, idle)) break;
    sender.flush();
  }
  wait_for_the_others(control);
}

}  // namespace compare
