#include "common/ring/solo_claims.hpp"

#include <algorithm>

namespace busbar::ring {

using namespace layout;

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
  if (lookout_ != nullptr && !lookout_->look(nullptr)) return Outcome::closed;
  std::uint64_t place = 0;
  if (!finder_.find(ring, position_, extent, claimed_, limits_, place)) return Outcome::full;
  if (place != position_) {
    if (claimed_.position != position_) show_last(ring);
    step_over(ring, position_, place, 0);
    position_ = place;
    last_ = place;
    advance(ring);  // the skip is finished
  }
  return Outcome::ok;
}

/// Gives the last claim a word, if it has none yet: another claim is to follow. An oldest claim
/// without a word is the last one.
void SoloClaims::show_last(const RingView& ring) {
  const Word oldest(ring.record(claimed_.position).word.load(std::memory_order_relaxed));
  const std::uint64_t last = oldest.state() == RecordState::empty ? claimed_.position : last_;
  RecordHeader& record = ring.record(last);
  if (last != position_ && record.word.load(std::memory_order_relaxed) == 0) {
    // release: its number before it (repair).
    record.word.store(Word(RecordState::claimed, position_ - last, 0).bits(),
                      std::memory_order_release);
  }
  last_ = position_;  // of the claim to come
}

void SoloClaims::hide_batch(const RingView& ring, std::span<const Room> rooms) {
  std::uint64_t first = position_, bytes = 0;
  for (const Room& room : rooms) {
    first = std::min(first, room.position);
    bytes += ring.extent(kHeaderBytes + room.size);
  }
  if (first + bytes == position_) ring.record(first).word.store(0, std::memory_order_release);
}

}  // namespace busbar::ring
