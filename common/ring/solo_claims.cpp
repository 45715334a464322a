#include "common/ring/solo_claims.hpp"

namespace busbar::ring {

void SoloClaims::take_role(const RingView& ring) {
  claimed_.position = ring.control->publishers.claimed.load(std::memory_order_acquire);
  claimed_.sequence = ring.control->publishers.sequence.load(std::memory_order_relaxed);
  position_ = limit_ = claimed_.position;
  sequence_ = claimed_.sequence;
  drop_checkpoints_beyond(ring, claimed_.position);
}

Outcome SoloClaims::refresh(const RingView& ring, std::uint64_t end) {
  if (ring.closed()) return Outcome::closed;
  limit_ = refresh_limit(ring, limit_, position_, end, claimed_);
  return end <= limit_ ? Outcome::ok : Outcome::full;
}

}  // namespace busbar::ring
