#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// A place between two records: where the next one begins, and the number that it has.
struct Boundary {
  std::uint64_t position = 0;
  std::uint64_t sequence = 0;
};

/// The oldest record that a newcomer may start at. Any member; never blocks. Under a writer that
/// moves it without end (hostile) the value may be torn: a start, never a licence to read.
Boundary read_tail(const RingView& ring);

/// Moves the tail. Only the one publisher, or the holder of the mutex.
void store_tail(const RingView& ring, const Boundary& tail);

/// Remembers a boundary that is finished or under the mutex, about every half stride, so that the
/// tail can later move there without touching the records between. Same callers as store_tail.
void note_checkpoint(const RingView& ring, const Boundary& boundary);

/// Forgets checkpoints beyond `end`: a dead publisher's, never reached.
void drop_checkpoints_beyond(const RingView& ring, std::uint64_t end);

/// The first known boundary at or after `target` and not beyond `end`, looking from `from` on; if
/// there is none, the last one before it that can be reached over finished records.
Boundary boundary_at_or_after(const RingView& ring, const Boundary& from, std::uint64_t target,
                              const Boundary& end);

}  // namespace busbar::ring
