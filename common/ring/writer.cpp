#include "common/ring/writer.hpp"

#include <chrono>
#include <optional>

#include "common/base/crash_point.hpp"
#include "common/ring/rest.hpp"
#include "common/sync/doorbell.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// Between two looks whether whoever is in the way is still there.
constexpr std::chrono::milliseconds kSlice{8};

}  // namespace

Writer::Writer(const RingView& ring, std::uint32_t slot)
    : ring_(ring),
      slot_(slot),
      is_solo_(ring.max_publishers == 1),
      solo_(ring),
      shared_(ring, slot),
      watch_(ring, slot),
      pace_(ring.capacity) {
  if (is_solo_) solo_.take_role(ring_);
}

Outcome Writer::without_room() {
  if (ring_.closed()) return Outcome::closed;
  watch_.glance(ring_, needed());
  if (ring_.when_full != layout::WhenFull::drop_newest) return Outcome::full;
  ring_.control->channel.dropped.fetch_add(1, std::memory_order_relaxed);
  return Outcome::dropped;
}

Outcome Writer::claim_at_pace(std::uint64_t size, Room& room) {
  const auto limit = [&] { return is_solo_ ? solo_.limit() : shared_.limit(ring_); };
  const std::uint64_t next = is_solo_ ? solo_.next() : shared_.next(ring_);
  const std::uint64_t before = limit();
  const bool looks = next + ring_.extent(kHeaderBytes + size) + kReserveBytes > before;
  if (looks) pause_for(pace_.pauses());
  const Outcome outcome = claim_now(size, room);
  if (!looks) return outcome;
  if (limit() != before) {
    pace_.found(limit() - next, least_room(ring_));
  } else {
    pace_.found_nothing();
  }
  return outcome;
}

Outcome Writer::claim_with_mutex(std::uint64_t size, Room& room, const Deadline& deadline) {
  if (over_ != Outcome::ok) return over_;
  return is_solo_ ? solo_.try_claim(ring_, size, room) : shared_.claim(ring_, size, deadline, room);
}

bool Writer::waits_for_itself() const {
  return is_solo_ ? solo_.waits_for_itself(ring_) : shared_.waits_for_itself(ring_);
}

std::uint64_t Writer::needed() const {
  return is_solo_ ? solo_.needed() : shared_.needed();
}

Deadline Writer::block_deadline() const {
  return Deadline::after(std::chrono::nanoseconds(ring_.block_timeout_ns));
}

Outcome Writer::claim_slow(std::uint64_t size, Room& room, Interrupt& interrupt) {
  const Deadline deadline = block_deadline();
  const Outcome outcome = claim_with_mutex(size, room, deadline);
  if (outcome != Outcome::full) return outcome;
  const Outcome instead = without_room();
  if (instead != Outcome::full) return instead;
  return await_room(interrupt, deadline, [&] { return claim_with_mutex(size, room, deadline); });
}

/// Tries until there is room, something else happens, or only the caller's own claims are in the
/// way: that may come about while it waits, when fellows claim on.
template <typename Attempt>
Outcome Writer::await_room(Interrupt& interrupt, const Deadline& deadline, Attempt attempt) {
  waiting_.begin(needed(), 0, batch_bytes(ring_));
  while (rest(waiting_)) {
    const Outcome outcome = attempt();
    if (outcome != Outcome::full || waits_for_itself()) return outcome;
    if (waiting_.may_read_clock() && (interrupt.is_raised() || deadline.passed())) break;
  }
  const SleepWatch watch(waiting_);
  return watch.seen(sleep_for_room(interrupt, deadline, attempt));
}

template <typename Attempt>
Outcome Writer::sleep_for_room(Interrupt& interrupt, const Deadline& deadline, Attempt attempt) {
  DoorbellBytes& bell = ring_.doorbells[slot_].bell;
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  std::optional<Blocker> blocker;
  for (;;) {
    // Pair room / release: drain, bit, fence, look again, sleep.
    sync::take_token(bell);
    ring_.seats_control->room_waiters.fetch_or(bit);
    BUSBAR_CRASH_POINT("await_room.bit");
    sync::rare_fence(ring_.fence_rule);
    Outcome outcome = attempt();
    const bool hopeless = outcome == Outcome::full && waits_for_itself();
    if (outcome == Outcome::full && !hopeless) {
      if (ring_.closed()) {
        outcome = Outcome::closed;
      } else if (interrupt.take()) {
        outcome = Outcome::interrupted;
      } else if (deadline.passed()) {
        outcome = Outcome::timeout;
      } else if (!look(blocker ? &*blocker : nullptr)) {
        outcome = Outcome::closed;
      }
    }
    if (outcome != Outcome::full || hopeless) {
      ring_.seats_control->room_waiters.fetch_and(~bit);
      return outcome;
    }
    sync::wait_for_token(bell, deadline.left(kSlice));
    watch_.heed(ring_);
    blocker = watch_.look(ring_, needed());
    // Mostly there is room now, and the fence can be saved.
    outcome = attempt();
    if (outcome != Outcome::full || waits_for_itself()) {
      ring_.seats_control->room_waiters.fetch_and(~bit);
      return outcome;
    }
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
    solo_.end_batch(ring_, rooms.size());
  } else {
    for (const Room& room : rooms) shared_.close(ring_, room);
    wake_room_waiters(ring_);
  }
  if (wake_sleepers(ring_)) heed();
}

/// The broker hails publishers when it closes a channel; whoever hears it passes it on.
void Writer::heed() noexcept {
  watch_.heed(ring_);
  if (!look(nullptr)) finish_as(Outcome::closed);
  if (!ring_.closed()) return;
  finish_as(Outcome::closed);
  hail_publishers(ring_);
}

bool Writer::look(const Blocker* blocker) noexcept {
  return lookout_ == nullptr || lookout_->look(blocker);
}

Outcome Writer::claim_end(Room& room, const Deadline& deadline, bool& last) {
  if (!is_solo_) return shared_.claim_end(ring_, deadline, room, last);
  last = true;
  const Outcome outcome = solo_.try_claim(ring_, 0, room);
  if (outcome == Outcome::ok) ring_.slots[slot_].ended.store(1, std::memory_order_relaxed);
  return outcome;
}

Outcome Writer::end(Interrupt& interrupt) {
  if (ring_.closed()) return Outcome::closed;
  if (over_ != Outcome::ok) return over_;
  const Deadline deadline = block_deadline();
  Room room;
  bool last = false;
  const Outcome outcome =
      await_room(interrupt, deadline, [&] { return claim_end(room, deadline, last); });
  if (outcome != Outcome::ok) return outcome;
  finish_as(Outcome::ended);
  if (!last) return Outcome::ok;
  mark_gap(ring_, room.position);
  commit(room, 0, 0, kFlagEnd);
  return Outcome::ok;
}

}  // namespace busbar::ring
