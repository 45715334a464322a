#pragma once

#include <cstdint>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/outcome.hpp"
#include "common/ring/lookout.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/room.hpp"
#include "common/ring/room_finder.hpp"

namespace busbar::ring {

/// Claims of one of several publishers: the claim under the ring's mutex, payload and commit
/// outside of it. One thread at a time. docs/protocol.md, "Claim, several publishers".
class SharedClaims {
 public:
  SharedClaims(const RingView& ring, std::uint32_t slot);

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
                  std::uint64_t used, std::uint32_t type, std::uint64_t flags);
  /// Behind store_word: the slot's oldest open claim moves on.
  void close(const RingView& ring, const Room& room);

  void forget(const Room& room) noexcept { std::erase(open_, room.position); }
  std::size_t open_claims() const noexcept { return open_.size(); }

  /// Where the last claim that found no room would have ended.
  std::uint64_t needed() const { return finder_.needed(); }

  void set_lookout(Lookout* lookout) noexcept { lookout_ = lookout; }

  /// Whether the claim that just found no room can only wait for open claims of this very publisher
  /// (and for held messages that push it against them).
  bool waits_for_itself(const RingView& ring) const {
    return !open_.empty() && finder_.needed() > open_.front() + ring.capacity;
  }

  /// Marks the slot as ended and, if every other held slot has ended too (`last`), claims the room
  /// of the end record, both in one hold of the mutex. Outcomes of claim(); full: nothing was done.
  Outcome claim_end(const RingView& ring, const Deadline& mutex_deadline, Room& room, bool& last);

 private:
  Outcome lock(const RingView& ring, const Deadline& deadline);
  void unlock(const RingView& ring);
  Outcome claim_locked(const RingView& ring, std::uint64_t size, Room& room);
  Outcome find_room(const RingView& ring, std::uint64_t extent, Boundary& at);
  void open(const RingView& ring, std::uint64_t position);

  std::uint32_t slot_;
  std::uint32_t owner_;              // of the mutex
  std::vector<std::uint64_t> open_;  // positions of open claims, ascending
  RoomFinder finder_;
  Lookout* lookout_ = nullptr;
  bool looked_for_room_ = false;  // under the mutex, where the lookout is not called
  bool is_over_ = false;          // as the lookout has said: the next look for room is the last
  std::uint32_t dead_ = kNobody;  // slot from which the mutex was taken over
  static constexpr std::uint32_t kNobody = layout::kMaxPublishers;
};

}  // namespace busbar::ring
