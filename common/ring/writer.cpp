#include "common/ring/writer.hpp"

#include <chrono>

#include "common/ring/backoff.hpp"
#include "common/sync/doorbell.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// A wake that a death swallowed while the broker is away must not be waited for for ever.
constexpr std::chrono::seconds kLongestSleep{10};

}  // namespace

Writer::Writer(const RingView& ring, std::uint32_t slot)
    : ring_(ring), slot_(slot), is_solo_(ring.max_publishers == 1), shared_(slot) {
  if (is_solo_) solo_.take_role(ring_);
}

Outcome Writer::without_room() {
  if (ring_.closed()) return Outcome::closed;
  if (ring_.when_full != layout::WhenFull::drop_newest) return Outcome::full;
  ring_.control->channel.dropped.fetch_add(1, std::memory_order_relaxed);
  return Outcome::dropped;
}

Outcome Writer::claim_with_mutex(std::uint64_t size, Room& room, const Deadline& deadline) {
  if (ended_) return Outcome::ended;
  return is_solo_ ? solo_.try_claim(ring_, size, room) : shared_.claim(ring_, size, deadline, room);
}

Outcome Writer::claim_slow(std::uint64_t size, Room& room, Interrupt& interrupt) {
  const auto deadline = Deadline::after(std::chrono::nanoseconds(ring_.block_timeout_ns));
  const Outcome outcome = claim_with_mutex(size, room, deadline);
  if (outcome != Outcome::full) return outcome;
  const Outcome instead = without_room();
  if (instead != Outcome::full) return instead;
  const bool own_claims =
      is_solo_ ? solo_.waits_for_itself(ring_, size) : shared_.waits_for_itself(ring_, size);
  return own_claims ? Outcome::full : await_room(size, room, interrupt, deadline);
}

Outcome Writer::await_room(std::uint64_t size, Room& room, Interrupt& interrupt,
                           const Deadline& deadline) {
  for (Backoff backoff; backoff.step();) {
    const Outcome outcome = claim_with_mutex(size, room, deadline);
    if (outcome != Outcome::full) return outcome;
  }
  DoorbellBytes& bell = ring_.doorbells[slot_].bell;
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  for (;;) {
    // Pair room / release: drain, bit, fence, look again, sleep.
    sync::take_token(bell);
    ring_.seats_control->room_waiters.fetch_or(bit);
    sync::rare_fence(ring_.fence_rule);
    Outcome outcome = claim_with_mutex(size, room, deadline);
    if (outcome == Outcome::full) {
      if (ring_.closed()) {
        outcome = Outcome::closed;
      } else if (interrupt.take()) {
        outcome = Outcome::interrupted;
      } else if (deadline.passed()) {
        outcome = Outcome::timeout;
      }
    }
    if (outcome != Outcome::full) {
      ring_.seats_control->room_waiters.fetch_and(~bit);
      return outcome;
    }
    sync::wait_for_token(bell, deadline.left(kLongestSleep));
  }
}

void Writer::store_word(const Room& room, std::uint32_t type) {
  if (is_solo_) {
    solo_.store_word(ring_, room, RecordState::committed, room.size, type, 0);
  } else {
    shared_.store_word(ring_, room, RecordState::committed, room.size, type, 0);
  }
}

void Writer::publish_batch(std::span<const Room> rooms) {
  if (is_solo_) {
    solo_.advance(ring_);
  } else {
    for (const Room& room : rooms) shared_.close(ring_, room);
    wake_room_waiters(ring_);
  }
  wake_sleepers(ring_);
}

Outcome Writer::end(Interrupt& interrupt) {
  Room room;
  const Outcome outcome = claim(0, room, interrupt);
  if (outcome != Outcome::ok) return outcome;
  bool last = true;
  if (is_solo_) {
    ring_.slots[slot_].ended.store(1, std::memory_order_relaxed);
  } else {
    const auto deadline = Deadline::after(std::chrono::nanoseconds(ring_.block_timeout_ns));
    const Outcome marked = shared_.mark_ended(ring_, deadline, last);
    if (marked != Outcome::ok) {
      abort(room);
      return marked;
    }
  }
  if (last) {
    commit(room, 0, 0, kFlagEnd);
  } else {
    abort(room);
  }
  ended_ = true;
  return Outcome::ok;
}

}  // namespace busbar::ring
