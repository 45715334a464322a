#pragma once

#include <bit>
#include <cstdint>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// Calls `visit(Seat&)` for every seat that has joined. Hostile bits are ignored.
template <typename Visit>
void for_each_active_seat(const RingView& ring, Visit visit) {
  using namespace layout;
  for (std::uint32_t word = 0; word < ring.seat_words; ++word) {
    std::uint64_t active = ring.seats_control->active[word].load(std::memory_order_acquire);
    for (; active != 0; active &= active - 1) {
      const std::uint32_t index =
          word * kBitsPerWord + static_cast<std::uint32_t>(std::countr_zero(active));
      if (index >= ring.max_subscribers) return;
      visit(ring.seats[index]);
    }
  }
}

}  // namespace busbar::ring
