#include "common/ring/room_finder.hpp"

#include <algorithm>

#include "common/base/crash_point.hpp"
#include "common/ring/gate.hpp"
#include "common/ring/wake.hpp"
#include "common/sync/fence.hpp"

namespace busbar::ring {

using namespace layout;

namespace {

// Each time more pins have come than the limit was raised for; honest ones are soon all there.
constexpr int kMostPlans = 100;

}  // namespace

bool RoomFinder::find(const RingView& ring, std::uint64_t position, std::uint64_t extent,
                      const Boundary& claimed, Limits& limits, std::uint64_t& place) {
  const std::uint64_t bytes = extent + kReserveBytes;
  needed_ = position + bytes;
  for (int plans = 0;; ++plans) {
    // Pins after the cursors, which refresh_limit has read: whoever moves its cursor past a record
    // has pinned it before. Below the gate limit no new pin can appear.
    pinned_.look(ring, position);
    if (!pinned_.find_clear(ring, bytes, place)) return false;
    const std::uint64_t need = place + bytes;
    needed_ = need;
    if (need <= limits.gate) break;
    if (plans == kMostPlans) return false;
    limits.gate = refresh_limit(ring, limits.gate, position, need, claimed);
    if (need > limits.gate) {
      if (ring.when_full != WhenFull::evict || !evictor_.evict_below(ring, need, claimed))
        return false;
      limits.gate = refresh_limit(ring, limits.gate, position, need, claimed);
      if (need > limits.gate) return false;
    }
  }
  limits.usable = std::min(limits.gate, pinned_.next_pinned(place, limits.gate));
  return true;
}

void step_over(const RingView& ring, std::uint64_t from, std::uint64_t to, std::uint32_t slot) {
  // The terminator first: who sees the skip reads on behind it.
  ring.record(to).word.store(0, std::memory_order_relaxed);
  BUSBAR_CRASH_POINT("step_over.terminator");
  // release: pairs with the reader's acquire of the word (Reader::next_slow).
  ring.record(from).word.store(Word(RecordState::skip, to - from, slot).bits(),
                               std::memory_order_release);
  BUSBAR_CRASH_POINT("step_over.skip");
  // As after a commit, but a hail is for who can look around: not in the midst of a claim.
  sync::frequent_fence(ring.fence_rule);
  ring_sleepers(ring);
}

}  // namespace busbar::ring
