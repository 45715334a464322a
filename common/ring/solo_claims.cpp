#include "common/ring/solo_claims.hpp"

namespace busbar::ring {

void SoloClaims::take_role(const RingView& ring) {
  claimed_.position = ring.control->publishers.claimed.load(std::memory_order_acquire);
  claimed_.sequence = ring.control->publishers.sequence.load(std::memory_order_relaxed);
  position_ = claimed_.position;
  limits_ = {position_, position_};
  sequence_ = claimed_.sequence;
  drop_checkpoints_beyond(ring, claimed_.position);
}

Outcome SoloClaims::find_room(const RingView& ring, std::uint64_t extent) {
  if (ring.closed()) return Outcome::closed;
  std::uint64_t place = 0;
  if (!finder_.find(ring, position_, extent, claimed_, limits_, place)) return Outcome::full;
  if (place != position_) {
    step_over(ring, position_, place, 0);
    position_ = place;
    advance(ring);  // the skip is finished
  }
  return Outcome::ok;
}

}  // namespace busbar::ring
