#pragma once

#include <cstdint>
#include <span>

#include "common/base/outcome.hpp"
#include "common/ring/death_watch.hpp"
#include "common/ring/gaps.hpp"
#include "common/ring/interrupt.hpp"
#include "common/ring/lookout.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/room.hpp"
#include "common/ring/room_pace.hpp"
#include "common/ring/shared_claims.hpp"
#include "common/ring/solo_claims.hpp"
#include "common/ring/waiting.hpp"
#include "common/ring/wake.hpp"

namespace busbar::ring {

/// A publisher's work on a ring: claims with or without fellows, waiting for room, waking readers.
/// One thread at a time. The view must stay mapped; the slot is granted by the broker.
class Writer {
 public:
  Writer(const RingView& ring, std::uint32_t slot);

  /// Never waits. Outcomes: ok, full, dropped (counted), closed, ended.
  Outcome try_claim(std::uint64_t size, Room& room) {
    const Outcome outcome = claim_now(size, room);
    if (outcome == Outcome::ok) [[likely]]
      return outcome;
    // A fellow inside the mutex is no lack of room: nothing is dropped, the caller may try again.
    if (outcome == Outcome::timeout) {
      watch_.glance_at_mutex(ring_);
      return Outcome::full;
    }
    return outcome == Outcome::full ? without_room() : outcome;
  }

  /// Waits for room as the channel says, and may pause before it looks (RoomPace). Outcomes also:
  /// timeout, interrupted; full if only own claims stand in the way.
  Outcome claim(std::uint64_t size, Room& room, Interrupt& interrupt) {
    const bool waits = ring_.when_full == layout::WhenFull::block;
    const Outcome outcome = waits ? claim_at_pace(size, room) : claim_now(size, room);
    if (outcome == Outcome::ok) [[likely]]
      return outcome;
    return claim_slow(size, room, interrupt);
  }

  /// The common case of claim() and of commit() among several publishers, as far as there is
  /// nothing to wait for. False: nothing has happened.
  bool claim_among_several(std::uint64_t size, Room& room) noexcept {
    return !is_solo_ && shared_.claim_at_once(ring_, size, room);
  }
  bool commit_among_several(const Room& room, std::uint64_t used, std::uint32_t type) {
    if (is_solo_ || !shared_.commit_at_once(ring_, room, used, type)) return false;
    wake_room_waiters(ring_);  // an open claim gates: its end makes room
    if (wake_sleepers(ring_)) [[unlikely]]
      heed();
    return true;
  }

  void commit(const Room& room, std::uint64_t used, std::uint32_t type, std::uint64_t flags = 0) {
    finish(room, layout::RecordState::committed, used, type, flags);
  }
  void abort(const Room& room) {
    mark_gap(ring_, room.position);
    finish(room, layout::RecordState::aborted, room.size, 0, 0);
  }

  /// Batches: begin_batch(), the word of each claim, the first one last, then publish_batch(), both
  /// with all of them.
  void begin_batch(std::span<const Room> rooms) {
    if (is_solo_) solo_.begin_batch(ring_, rooms);
  }
  void store_word(const Room& room, std::uint32_t type);
  void publish_batch(std::span<const Room> rooms);

  /// Writes the end of the stream if every other publisher has ended too. Waits for room at most
  /// the channel's block_timeout, whatever when_full says.
  Outcome end(Interrupt& interrupt);

  void set_wait_policy(WaitPolicy policy) noexcept {
    waiting_.set_policy(policy);
    pace_.set_policy(policy);
  }

  /// From now on it is told who stands in the way; null: nobody.
  void set_lookout(Lookout* lookout) noexcept {
    lookout_ = lookout;
    solo_.set_lookout(lookout);
    shared_.set_lookout(lookout);
  }

  const RingView& ring() const noexcept { return ring_; }
  std::size_t open_claims() const noexcept {
    return is_solo_ ? solo_.open_claims() : shared_.open_claims();
  }

  /// What can be done without a call, where there is one publisher: as long as `alive` is not 0.
  /// What is committed so and calls for it is followed by heed_calls().
  hot::Publishing& open_inline(const std::atomic<int>& alive) {
    solo_.open_unless_forked(ring_, alive);
    if (!is_solo_) solo_.leave_to_fellows();
    return solo_.hot();
  }
  /// In a forked child: the claim is the parent's.
  void forget(const Room& room) noexcept {
    if (is_solo_) {
      solo_.forget();
    } else {
      shared_.forget(room);
    }
  }
  void heed_calls() {
    if (wake_sleepers(ring_)) heed();
  }
  std::uint32_t slot() const noexcept { return slot_; }
  const RoomPace& pace() const noexcept { return pace_; }

 private:
  Outcome claim_now(std::uint64_t size, Room& room) {
    if (over_ != Outcome::ok) [[unlikely]]
      return over_;
    if (is_solo_) [[likely]]
      return solo_.try_claim(ring_, size, room);
    return shared_.try_claim(ring_, size, room);
  }
  void finish(const Room& room, layout::RecordState state, std::uint64_t used, std::uint32_t type,
              std::uint64_t flags) {
    if (is_solo_) [[likely]] {
      solo_.finish(ring_, room, state, used, type, flags);
    } else {
      shared_.finish(ring_, room, state, used, type, flags);
      wake_room_waiters(ring_);  // an open claim gates: its end makes room
    }
    if (wake_sleepers(ring_)) [[unlikely]]
      heed();
  }

  void heed() noexcept;
  void finish_as(Outcome outcome) noexcept {
    over_ = outcome;
    solo_.hot().shut();
  }
  bool look(const Blocker* blocker) noexcept;
  Outcome claim_at_pace(std::uint64_t size, Room& room);
  Outcome claim_slow(std::uint64_t size, Room& room, Interrupt& interrupt);
  Outcome claim_with_mutex(std::uint64_t size, Room& room, const Deadline& deadline);
  Outcome claim_end(Room& room, const Deadline& deadline, bool& last);
  template <typename Attempt>
  Outcome await_room(Interrupt& interrupt, const Deadline& deadline, Attempt attempt);
  template <typename Attempt>
  Outcome sleep_for_room(Interrupt& interrupt, const Deadline& deadline, Attempt attempt);
  bool waits_for_itself() const;
  std::uint64_t needed() const;
  Deadline block_deadline() const;
  Outcome without_room();

  RingView ring_;
  std::uint32_t slot_;
  bool is_solo_;
  Outcome over_ = Outcome::ok;  // ended or closed: nothing can be claimed any more
  SoloClaims solo_;
  SharedClaims shared_;
  DeathWatch watch_;
  Lookout* lookout_ = nullptr;
  Waiting waiting_{Waiting::Look::seats};
  RoomPace pace_;
};

}  // namespace busbar::ring
