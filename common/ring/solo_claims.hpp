#pragma once

#include <cstdint>
#include <span>

#include "common/base/crash_point.hpp"
#include "common/base/outcome.hpp"
#include "common/hot/publishing.hpp"
#include "common/ring/finish.hpp"
#include "common/ring/lookout.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/room.hpp"
#include "common/ring/room_finder.hpp"
#include "common/ring/sequence.hpp"

namespace busbar::ring {

/// Claims of the publisher that is the only one of its channel: no lock, and nothing that others
/// can see before the commit. One thread at a time.
class SoloClaims {
 public:
  explicit SoloClaims(const RingView& ring);

  /// Takes the role over. The broker has repaired the ring (recover_slot) before it granted it.
  void take_role(const RingView& ring);
  void set_lookout(Lookout* lookout) noexcept { lookout_ = lookout; }

  /// ok, full, or closed (learnt at the limit, so a stride late at most). Never waits.
  Outcome try_claim(const RingView& ring, std::uint64_t size, Room& room) {
    const std::uint64_t position = hot_.next;
    if (hot_.claim(size) == nullptr) [[unlikely]]
      return claim_slowly(ring, size, room);
    room = {position, size};
    return Outcome::ok;
  }

  /// Where the next claim begins, and how far claims may go before somebody looks at the seats.
  std::uint64_t next() const noexcept { return hot_.next; }
  std::uint64_t limit() const noexcept { return gate_; }

  /// Once the role is taken: claims go inline as long as `alive` is not 0.
  void open_unless_forked(const RingView& ring, const std::atomic<int>& alive);
  /// Among several publishers nothing is done inline.
  void leave_to_fellows() noexcept { hot_.open = 1; }
  /// What can be done without a call.
  hot::Publishing& hot() noexcept { return hot_; }
  const hot::Publishing& hot() const noexcept { return hot_; }
  std::size_t open_claims() const noexcept {
    return hot_.open != 0 ? hot_.open : has_inline_claim() ? 1 : 0;
  }

  void finish(const RingView& ring, const Room& room, layout::RecordState state, std::uint64_t used,
              std::uint32_t type, std::uint64_t flags) {
    begin_batch(ring, {});
    store_word(ring, room, state, used, type, flags);
    end_batch(ring, 1);
  }
  /// The words of a batch stand between these two. If we die before its first one's, stored last,
  /// all of it is lost, unless something else was claimed since its first claim.
  void begin_batch(const RingView& ring, std::span<const Room> rooms);
  void store_word(const RingView& ring, const Room& room, layout::RecordState state,
                  std::uint64_t used, std::uint32_t type, std::uint64_t flags) {
    ring.record(room.position).type.store(type, std::memory_order_relaxed);
    finish_record(ring, room, state, used, 0, flags);
  }
  void end_batch(const RingView& ring, std::size_t claims) {
    hot_.open -= claims;
    advance(ring);
  }
  /// In a forked child: the claim is the parent's.
  void forget() noexcept;

  /// Where the last claim that found no room would have ended.
  std::uint64_t needed() const { return finder_.needed(); }

  /// Whether the claim that just found no room can only wait for open claims of this very publisher
  /// (and for held messages that push it against them).
  bool waits_for_itself(const RingView& ring) const {
    return open_claims() != 0 && finder_.needed() > hot_.claimed + ring.capacity;
  }

 private:
  Outcome claim_slowly(const RingView& ring, std::uint64_t size, Room& room);
  Outcome find_room(const RingView& ring, std::uint64_t extent);
  bool has_inline_claim() const noexcept { return hot_.open == 0 && hot_.claimed != hot_.next; }
  void adopt_inline_claim(const RingView& ring);
  void give_number(const RingView& ring, std::uint64_t position);
  void show_last(const RingView& ring);
  /// The claimed position follows the contiguous finished prefix, the sequence before it.
  void advance(const RingView& ring);
  Boundary claimed() const noexcept { return {hot_.claimed, hot_.sequence}; }

  hot::Publishing hot_;
  std::uint64_t numbers_ = 0;  // taken by claims from hot_.claimed on, but for an inline one
  std::uint64_t last_ = 0;     // where the last claim behind an open one begins
  std::uint64_t gate_ = 0;     // Limits::gate
  RoomFinder finder_;
  Lookout* lookout_ = nullptr;
};

}  // namespace busbar::ring
