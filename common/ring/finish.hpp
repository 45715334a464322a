#pragma once

#include <cstdint>

#include "common/base/crash_point.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/room.hpp"

namespace busbar::ring {

/// Stores a claim's last word. A commit of fewer bytes than were claimed leaves the rest as one
/// skip, written first: whoever sees the shorter record sees the skip behind it.
inline void finish_record(const RingView& ring, const Room& room, layout::RecordState state,
                          std::uint64_t used, std::uint32_t slot, std::uint64_t flags) {
  using namespace layout;
  const std::uint64_t claimed = ring.extent(kHeaderBytes + room.size);
  const std::uint64_t taken = ring.extent(kHeaderBytes + used);
  if (taken != claimed) {
    ring.record(room.position + taken)
        .word.store(Word(RecordState::skip, claimed - taken, slot).bits(),
                    std::memory_order_relaxed);
    BUSBAR_CRASH_POINT("finish.skip");
  }
  // release: pairs with the reader's acquire of the word (Reading::next).
  ring.record(room.position)
      .word.store(Word(state, kHeaderBytes + used, slot, flags).bits(), std::memory_order_release);
  BUSBAR_CRASH_POINT("finish.word");
}

}  // namespace busbar::ring
