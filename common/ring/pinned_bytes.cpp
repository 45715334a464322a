#include "common/ring/pinned_bytes.hpp"

#include <algorithm>

#include "common/layout/pin.hpp"
#include "common/ring/active_seats.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

/// More than any record can have: the pin is nobody's who keeps the protocol.
bool is_nonsense(const RingView& ring, Pin pin) {
  const std::uint64_t most = ring.extent(kHeaderBytes + ring.max_message) +
                             (std::uint64_t{8} << Pin::size_shift(ring.capacity));
  return pin.offset() >= ring.capacity || pin.bytes(ring.capacity) > most;
}

/// Positions where a record may begin lie on a grid.
std::uint64_t on_grid(const RingView& ring, std::uint64_t position) {
  const std::uint64_t first = first_position(ring.alignment);
  return first + align_up(position - first, ring.alignment);
}

}  // namespace

PinnedBytes::PinnedBytes(const RingView& ring) {
  // One more a pin: what wraps is two ranges.
  ranges_.reserve(std::size_t{2} * ring.max_subscribers * kPinsPerSeat);
}

void PinnedBytes::look(const RingView& ring, std::uint64_t position) {
  position_ = position;
  ranges_.clear();
  for_each_active_seat(ring, [&](const Seat& seat) {
    // Before its pins: those of the next tenant are not there yet, or it sees our tail first.
    if (seat.word.load(std::memory_order_acquire).state() == SeatState::dead) return;
    for (const auto& word : seat.pin) {
      // acquire: pairs with the release that clears a pin; its owner's reads are done before ours.
      const Pin pin(word.load(std::memory_order_acquire));
      if (pin.bits() == 0 || is_nonsense(ring, pin)) continue;
      add(ring, pin.offset(), pin.bytes(ring.capacity));
    }
  });
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
}

void PinnedBytes::add(const RingView& ring, std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t begin = (offset - position_) & (ring.capacity - 1);
  ranges_.push_back({begin, begin + bytes});
  // It lies across the position: its end is a lap nearer.
  if (begin + bytes > ring.capacity) ranges_.push_back({0, begin + bytes - ring.capacity});
}

bool PinnedBytes::find_clear(const RingView& ring, std::uint64_t bytes,
                             std::uint64_t& place) const {
  std::uint64_t at = position_;
  for (const Range& range : ranges_) {
    if (position_ + range.begin >= at + bytes) break;
    if (position_ + range.end > at) at = on_grid(ring, position_ + range.end);
  }
  place = at;
  return at + bytes <= position_ + ring.capacity;
}

std::uint64_t PinnedBytes::next_pinned(std::uint64_t from, std::uint64_t none) const {
  for (const Range& range : ranges_) {
    if (position_ + range.begin >= from) return position_ + range.begin;
  }
  return none;
}

}  // namespace busbar::ring
