// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"

// Who is certain to be gone, by what the segments say of a place's holder. Each answer is about the
// tenant that a word names: what follows from it is done by a compare-and-swap of that very word.

namespace busbar::ring {

/// Whether nobody is in the slot any more, whose word was `seen`.
bool holder_gone(const RingView& ring, std::uint32_t slot, layout::SlotWord seen);

/// Whether the process is gone that has the seat.
bool holder_gone(const layout::Seat& seat);

/// Whether an owner of the mutex, or whoever mends a slot, is gone.
bool owner_gone(const RingView& ring, std::uint32_t owner);

/// How the mutex and the slots name the broker of today.
std::uint32_t broker_owner(const RingView& ring);

}  // namespace busbar::ring
