#pragma once

#include <cstdint>

#include "common/ring/evictor.hpp"
#include "common/ring/pinned_bytes.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

/// How far claims may go.
struct Limits {
  std::uint64_t gate = 0;    // what cursors, open claims and the tail allow
  std::uint64_t usable = 0;  // up to it nothing needs to be looked at; pins may end it before
};

/// Where the next claim goes when the usable limit is reached: looks at cursors, claims and pins,
/// evicts if the channel says so, and steps over what is held. Private to a publisher, used by the
/// one publisher or by the holder of the mutex. docs/protocol.md, "Stepping over".
class RoomFinder {
 public:
  explicit RoomFinder(const RingView& ring) : pinned_(ring) {}

  /// Finds room for a record of `extent` bytes at or behind `position`, within one lap. True:
  /// `place` is where it may go and `limits` are raised, `usable` covers it. False: no room,
  /// nothing is placed. `claimed` as in refresh_limit.
  bool find(const RingView& ring, std::uint64_t position, std::uint64_t extent,
            const Boundary& claimed, Limits& limits, std::uint64_t& place);

  /// After a find() that failed: where the record and what stays free behind it would have ended.
  std::uint64_t needed() const { return needed_; }

 private:
  PinnedBytes pinned_;
  Evictor evictor_;
  std::uint64_t needed_ = 0;
};

/// Leaves one skip from `from` to `to`, where the next record will be, and wakes whoever sleeps in
/// front of it: its cursor gates there. Only after find().
void step_over(const RingView& ring, std::uint64_t from, std::uint64_t to, std::uint32_t slot);

}  // namespace busbar::ring
