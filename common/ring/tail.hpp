#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// A place between two records: where the next one begins, and the number that it has.
struct Boundary {
  std::uint64_t position = 0;
  std::uint64_t sequence = 0;
};

/// A boundary with the number of messages that were committed before it.
struct CountedBoundary {
  std::uint64_t position = 0;
  std::uint64_t sequence = 0;
  std::uint64_t messages = 0;

  Boundary boundary() const { return {position, sequence}; }
};

/// The oldest record that a newcomer may start at. Any member; never blocks. Under a writer that
/// moves it without end (hostile) the value may be torn: a start, never a licence to read.
CountedBoundary read_tail(const RingView& ring);

/// Its position alone: at least that of the last tail that was stored before the load.
inline std::uint64_t tail_position(const RingView& ring) {
  const layout::Tail& tail = ring.control->tail;
  // acquire: pairs with the release in store_tail. An entry that is being overwritten holds a
  // later tail already.
  const std::uint64_t version = tail.version.load(std::memory_order_acquire);
  return tail.entry[version & 1].position.load(std::memory_order_acquire);
}

/// Moves the tail. Only the one publisher, or the holder of the mutex.
void store_tail(const RingView& ring, const CountedBoundary& tail);

/// Remembers a boundary that is finished or under the mutex, about every half stride, so that the
/// tail can later move there without touching the records between. Same callers as store_tail.
void note_checkpoint(const RingView& ring, const Boundary& boundary);

/// Forgets checkpoints beyond `end`: a dead publisher's, never reached.
void drop_checkpoints_beyond(const RingView& ring, std::uint64_t end);

/// The first known boundary at or after `target` and not beyond `end`, looking from `from` on; if
/// there is none, the last one before it that can be reached over finished records.
Boundary boundary_at_or_after(const RingView& ring, const Boundary& from, std::uint64_t target,
                              std::uint64_t end);

/// `to` with its messages, everything between being finished and still there. Same callers as
/// store_tail.
CountedBoundary counted(const RingView& ring, const CountedBoundary& from, const Boundary& to);

}  // namespace busbar::ring
