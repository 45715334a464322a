#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

// Where records are that took a number and are no message (aborted, end). Everywhere else messages
// are counted by subtracting sequences, without touching a record. docs/protocol.md, "Message
// counts".

namespace busbar::ring {

/// Before such a record's word is stored (release). Any publisher, the broker.
void mark_gap(const RingView& ring, std::uint64_t position);

/// Whether there may be one in [from, to).
bool may_have_gaps(const RingView& ring, std::uint64_t from, std::uint64_t to);

/// After the tail has moved from `from` to `to` (store_tail): forgets the regions that lie wholly
/// below. Only the one publisher, or the holder of the mutex.
void clear_gaps(const RingView& ring, std::uint64_t from, std::uint64_t to);

}  // namespace busbar::ring
