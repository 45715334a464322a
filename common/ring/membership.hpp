#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

// The broker's side of a channel. None of these waits for anybody; each is made of single steps
// that may be redone after a death in the middle. Called by one thread at a time for one channel.

namespace busbar::ring {

/// Who holds a place, as written into the segment so that fellows can prove a death.
struct Member {
  std::uint64_t session = 0;
  std::uint64_t pid = 0;            // as its own namespace numbers it
  std::uint64_t start_time = 0;     // field 22 of /proc/PID/stat
  std::uint64_t pid_namespace = 0;  // as ProcessIdentity has it
};

/// Makes a free slot or seat ready for its new holder. The seat is then `reserved`; its client
/// runs the join.
void grant_slot(const RingView& ring, std::uint32_t slot, const Member& member);
void grant_seat(const RingView& ring, std::uint32_t seat, const Member& member);

enum class Recovered {
  done,
  damaged,  ///< freed too, but the chain of records makes no sense: the channel has to go
  later,    ///< not freed: a fellow who lives is mending it; to be asked for again
};
/// After its holder has left (state `left`) or is known to be dead: takes the mutex over from it,
/// repairs, aborts its open claims, rings every doorbell, unless a fellow has done so; frees the
/// slot last.
Recovered recover_slot(const RingView& ring, std::uint32_t slot);

/// After its holder has left or is known to be dead: nothing gates any more, free last.
void reap_seat(const RingView& ring, std::uint32_t seat);

/// The client's own mark that it is done (state `left`), which the broker may find before the
/// client's word reaches it.
bool slot_left(const RingView& ring, std::uint32_t slot);
bool seat_left(const RingView& ring, std::uint32_t seat);

/// What the memory says of a place, for a broker that has found the channel. Nothing is believed:
/// `member` is what was last stored for it.
struct Standing {
  bool is_free = false;
  bool has_left = false;
  Member member;
};
Standing slot_standing(const RingView& ring, std::uint32_t slot);
Standing seat_standing(const RingView& ring, std::uint32_t seat);

/// The channel is removed: members meet Outcome::closed. Rings every doorbell.
void close_channel(const RingView& ring);

/// Publishers may prove the broker's death with this, as they do with each other's. `epoch` is
/// another for each broker.
void set_broker(const RingView& ring, const Member& broker, std::uint64_t epoch = 0);

/// The channel of a broker that is gone is this one's now: also takes over the mutex, if that
/// broker held it, and repairs; tells every member. Slots that it was mending are for
/// recover_slot(). May be redone. False if the ring is damaged.
bool adopt(const RingView& ring, const Member& broker, std::uint64_t epoch);

/// What `busbar ls` and `show` tell; each value read once, nothing believed.
struct ChannelCounts {
  std::uint64_t claimed = 0;
  std::uint64_t tail = 0;
  std::uint64_t sequence = 0;
  std::uint64_t dropped = 0;
  std::uint64_t evicted = 0;
};
ChannelCounts channel_counts(const RingView& ring);

struct SlotCounts {
  std::uint64_t open_bytes = 0;  // from the oldest open claim to the claimed position
  bool ended = false;
};
SlotCounts slot_counts(const RingView& ring, std::uint32_t slot);

struct HeldCounts {
  std::uint64_t bytes = 0;  // of the record
  std::uint32_t for_ms = 0;
};
struct SeatCounts {
  layout::SeatState state = layout::SeatState::free;
  std::uint64_t cursor = 0;
  std::uint64_t lag_bytes = 0;
  std::uint64_t lost = 0;
  std::uint32_t held = 0;  // how many of `hold` are filled
  HeldCounts hold[layout::kPinsPerSeat];
};
SeatCounts seat_counts(const RingView& ring, std::uint32_t seat);

}  // namespace busbar::ring
