#pragma once

#include <cstdint>

#include "common/base/crash_point.hpp"
#include "common/base/deadline.hpp"
#include "common/base/outcome.hpp"
#include "common/ring/finish.hpp"
#include "common/ring/lookout.hpp"
#include "common/ring/open_claims.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/room.hpp"
#include "common/ring/room_finder.hpp"
#include "common/sync/ring_mutex.hpp"

namespace busbar::ring {

/// Claims of one of several publishers: the claim under the ring's mutex, payload and commit
/// outside of it. One thread at a time. docs/protocol.md, "Claim, several publishers".
class SharedClaims {
 public:
  SharedClaims(const RingView& ring, std::uint32_t slot);

  /// Where the next claim will begin, and how far claims may go before somebody looks at the seats;
  /// of whoever asks without the mutex, a guess.
  std::uint64_t next(const RingView& ring) const noexcept {
    return ring.control->publishers.claimed.load(std::memory_order_relaxed);
  }
  std::uint64_t limit(const RingView& ring) const noexcept {
    return ring.control->publishers.gate_limit.load(std::memory_order_relaxed);
  }

  /// The common case: nobody else is inside, there is room, and no claim of this publisher is open.
  /// False: nothing has happened.
  bool claim_at_once(const RingView& ring, std::uint64_t size, Room& room) noexcept {
    if (open_.size() != 0) return false;
    sync::RingMutex mutex(ring.control->mutex, ring.fence_rule);
    if (mutex.try_lock(owner_) != sync::RingMutex::Result::acquired) return false;
    const layout::PublishersLine& line = ring.control->publishers;
    const std::uint64_t position = line.claimed.load(std::memory_order_relaxed);
    const std::uint64_t length = layout::kHeaderBytes + size;
    const std::uint64_t extent = ring.extent(length);
    const bool has_room =
        position + extent + layout::kReserveBytes <= line.limit.load(std::memory_order_relaxed);
    if (has_room) [[likely]] {
      open_.add(position);
      place(ring, position, length, extent, line.sequence.load(std::memory_order_relaxed));
      room = {position, size};
    }
    if (mutex.unlock()) [[unlikely]]
      look_for_dead_waiters(ring);
    return has_room;
  }

  /// The common case of finish(): a commit, whole, of the only open claim. False: nothing has
  /// happened.
  bool commit_at_once(const RingView& ring, const Room& room, std::uint64_t used,
                      std::uint32_t type) noexcept {
    using namespace layout;
    if (open_.size() != 1 || used != room.size) [[unlikely]]
      return false;
    RecordHeader& record = ring.record(room.position);
    record.type.store(type, std::memory_order_relaxed);
    // release: pairs with the reader's acquire of the word (Reading::look).
    record.word.store(Word(RecordState::committed, kHeaderBytes + used, slot_).bits(),
                      std::memory_order_release);
    BUSBAR_CRASH_POINT("finish.word");
    open_.remove(room.position);
    show_oldest(ring);
    return true;
  }

  /// ok or full; timeout if the mutex could not be had by the deadline; closed if the ring makes no
  /// sense after a death. Never waits for room.
  Outcome claim(const RingView& ring, std::uint64_t size, const Deadline& mutex_deadline,
                Room& room);
  /// As claim(), but timeout as soon as the mutex is held by somebody for longer than a few stores.
  Outcome try_claim(const RingView& ring, std::uint64_t size, Room& room);

  void finish(const RingView& ring, const Room& room, layout::RecordState state, std::uint64_t used,
              std::uint32_t type, std::uint64_t flags) {
    store_word(ring, room, state, used, type, flags);
    close(ring, room);
  }
  void store_word(const RingView& ring, const Room& room, layout::RecordState state,
                  std::uint64_t used, std::uint32_t type, std::uint64_t flags) {
    ring.record(room.position).type.store(type, std::memory_order_relaxed);
    finish_record(ring, room, state, used, slot_, flags);
  }
  /// Behind store_word: the slot's oldest open claim moves on.
  void close(const RingView& ring, const Room& room) {
    open_.remove(room.position);
    show_oldest(ring);
  }

  void forget(const Room& room) noexcept { open_.remove(room.position); }
  std::size_t open_claims() const noexcept { return open_.size(); }

  /// Where the last claim that found no room would have ended.
  std::uint64_t needed() const { return finder_.needed(); }

  void set_lookout(Lookout* lookout) noexcept { lookout_ = lookout; }

  /// Whether the claim that just found no room can only wait for open claims of this very publisher
  /// (and for held messages that push it against them).
  bool waits_for_itself(const RingView& ring) const {
    return open_.size() != 0 && finder_.needed() > open_.oldest() + ring.capacity;
  }

  /// Marks the slot as ended and, if every other held slot has ended too (`last`), claims the room
  /// of the end record, both in one hold of the mutex. Outcomes of claim(); full: nothing was done.
  Outcome claim_end(const RingView& ring, const Deadline& mutex_deadline, Room& room, bool& last);

 private:
  Outcome lock(const RingView& ring, const Deadline& deadline);
  void unlock(const RingView& ring);
  Outcome claim_locked(const RingView& ring, std::uint64_t size, Room& room);
  Outcome find_room(const RingView& ring, std::uint64_t extent, Boundary& at);
  void look_for_dead_waiters(const RingView& ring) noexcept;
  void show_oldest(const RingView& ring) noexcept {
    ring.slots[slot_].oldest_claim.store(open_.oldest(), std::memory_order_release);
  }
  /// Under the mutex, with room: the claim, which is among the open ones already.
  void place(const RingView& ring, std::uint64_t position, std::uint64_t length,
             std::uint64_t extent, std::uint64_t sequence) noexcept {
    using namespace layout;
    // Loaded before anything is stored: the compiler cannot know that it stays.
    PublishersLine& line = ring.control->publishers;
    std::byte* const at = ring.data + (position & ring.mask);
    const std::uint64_t slot = slot_;
    BUSBAR_CRASH_POINT("claim.mutex");
    show_oldest(ring);
    BUSBAR_CRASH_POINT("claim.open");
    RecordHeader& record = *reinterpret_cast<RecordHeader*>(at);
    record.sequence.store(static_cast<std::uint32_t>(sequence), std::memory_order_relaxed);
    // Terminator before the word (release), the word before sequence and claimed position: a death
    // between any two of them is mended by repair().
    reinterpret_cast<RecordHeader*>(at + extent)->word.store(0, std::memory_order_relaxed);
    BUSBAR_CRASH_POINT("claim.terminator");
    record.word.store(Word(RecordState::claimed, length, static_cast<std::uint32_t>(slot)).bits(),
                      std::memory_order_release);
    BUSBAR_CRASH_POINT("claim.word");
    line.sequence.store(sequence + 1, std::memory_order_release);
    BUSBAR_CRASH_POINT("claim.sequence");
    line.claimed.store(position + extent, std::memory_order_release);
    BUSBAR_CRASH_POINT("claim.claimed");
  }

  std::uint32_t slot_;
  std::uint32_t owner_;  // of the mutex
  OpenClaims open_;
  RoomFinder finder_;
  Lookout* lookout_ = nullptr;
  std::uint32_t woken_ = 0;       // how often somebody was, for the mutex
  bool looked_for_room_ = false;  // under the mutex, where the lookout is not called
  bool is_over_ = false;          // as the lookout has said: the next look for room is the last
  std::uint32_t dead_ = kNobody;  // slot from which the mutex was taken over
  static constexpr std::uint32_t kNobody = layout::kMaxPublishers;
};

}  // namespace busbar::ring
