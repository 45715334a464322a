#pragma once

#include <cstdint>
#include <span>

#include "common/base/crash_point.hpp"
#include "common/base/outcome.hpp"
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
  explicit SoloClaims(const RingView& ring) : finder_(ring) {}

  /// Takes the role over. The broker has repaired the ring (recover_slot) before it granted it.
  void take_role(const RingView& ring);
  void set_lookout(Lookout* lookout) noexcept { lookout_ = lookout; }

  /// ok, full, or closed (learnt at the limit, so a stride late at most). Never waits.
  Outcome try_claim(const RingView& ring, std::uint64_t size, Room& room) {
    using namespace layout;
    const std::uint64_t extent = ring.extent(kHeaderBytes + size);
    if (position_ + extent + kReserveBytes > limits_.usable) [[unlikely]] {
      const Outcome outcome = find_room(ring, extent);
      if (outcome != Outcome::ok) return outcome;
    }
    // Open claims before this one: if we die, what is committed behind them is found over them.
    if (claimed_.position != position_) [[unlikely]]
      show_last(ring);
    ring.record(position_ + extent).word.store(0, std::memory_order_relaxed);  // the terminator
    ring.record(position_).sequence.store(static_cast<std::uint32_t>(sequence_++),
                                          std::memory_order_relaxed);
    room = {position_, size};
    position_ += extent;
    return Outcome::ok;
  }

  void finish(const RingView& ring, const Room& room, layout::RecordState state, std::uint64_t used,
              std::uint32_t type, std::uint64_t flags) {
    store_word(ring, room, state, used, type, flags);
    advance(ring);
  }

  /// The word alone; a batch advances once, behind its last word.
  void store_word(const RingView& ring, const Room& room, layout::RecordState state,
                  std::uint64_t used, std::uint32_t type, std::uint64_t flags) {
    ring.record(room.position).type.store(type, std::memory_order_relaxed);
    finish_record(ring, room, state, used, 0, flags);
  }

  /// The claimed position follows the contiguous finished prefix, the sequence before it.
  void advance(const RingView& ring) {
    using namespace layout;
    while (claimed_.position != position_) {
      const Word word(ring.record(claimed_.position).word.load(std::memory_order_relaxed));
      if (word.state() <= RecordState::claimed) break;
      if (takes_number(word)) ++claimed_.sequence;
      claimed_.position += ring.extent(word.length());
    }
    ring.control->publishers.sequence.store(claimed_.sequence, std::memory_order_relaxed);
    BUSBAR_CRASH_POINT("solo.sequence");
    // release: whoever joins at `claimed` finds every word before it.
    ring.control->publishers.claimed.store(claimed_.position, std::memory_order_release);
  }

  /// Where the last claim that found no room would have ended.
  std::uint64_t needed() const { return finder_.needed(); }

  /// Before the words of a batch are stored, the first one last: if we die half-way, all of it is
  /// lost, unless something else was claimed since its first claim.
  void hide_batch(const RingView& ring, std::span<const Room> rooms);

  /// Whether the claim that just found no room can only wait for open claims of this very publisher
  /// (and for held messages that push it against them).
  bool waits_for_itself(const RingView& ring) const {
    return claimed_.position != position_ && finder_.needed() > claimed_.position + ring.capacity;
  }

 private:
  Outcome find_room(const RingView& ring, std::uint64_t extent);
  void show_last(const RingView& ring);

  std::uint64_t position_ = 0;  // where the next claim begins
  std::uint64_t last_ = 0;      // where the last claim behind an open one begins
  std::uint64_t sequence_ = 0;
  Limits limits_;
  Boundary claimed_;  // copy of what is shared: nobody else writes it
  RoomFinder finder_;
  Lookout* lookout_ = nullptr;
};

}  // namespace busbar::ring
