#pragma once

#include "common/ring/ring_view.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

/// Where `now` is: nothing that is committed from here on lies before it. Its sequence is near
/// only; the first record's own number corrects it. Any member; never blocks.
Boundary now(const RingView& ring);

/// The same with the exact number of messages before it, for a lossy seat that is active: where it
/// has been lapped meanwhile, it is the tail. docs/protocol.md, "Message counts".
CountedBoundary counted_now(const RingView& ring);

}  // namespace busbar::ring
