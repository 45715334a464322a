#include "common/ring/wake.hpp"

#include <bit>

#include "common/base/crash_point.hpp"
#include "common/sync/doorbell.hpp"

namespace busbar::ring {

using namespace layout;

namespace {

void ring_seats(const RingView& ring, std::uint32_t word, std::uint64_t bits) noexcept {
  for (; bits != 0; bits &= bits - 1) {
    const std::uint64_t bit = bits & -bits;
    const std::uint32_t seat =
        word * kBitsPerWord + static_cast<std::uint32_t>(std::countr_zero(bit));
    if (seat >= ring.max_subscribers) return;
    // Clear, then ring: the other way round a sleeper that comes back between the two sets its bit
    // for nothing and sleeps on.
    if ((ring.seats_control->sleepers[word].fetch_and(~bit) & bit) != 0) {
      BUSBAR_CRASH_POINT("wake_seat.cleared");
      sync::ring_bell(ring.seats[seat].bell);
    }
  }
}

}  // namespace

void ring_sleepers(const RingView& ring) noexcept {
  for (std::uint32_t word = 0; word < ring.seat_words; ++word) {
    ring_seats(ring, word, ring.seats_control->sleepers[word].load(std::memory_order_relaxed));
  }
}

void ring_sleepers_and_hear(const RingView& ring) noexcept {
  // Clear, then look: the other way round a call that comes between is lost. acquire: what it is
  // about comes before it (call_publishers).
  ring.seats_control->call.exchange(0, std::memory_order_acq_rel);
  BUSBAR_CRASH_POINT("call.cleared");
  ring_sleepers(ring);
  // acquire: what the hail is about comes before it, in hail_publishers' caller.
  ring.seats_control->hail.exchange(0, std::memory_order_acq_rel);
}

void ring_publishers(const RingView& ring, std::uint64_t bits) noexcept {
  for (; bits != 0; bits &= bits - 1) {
    const std::uint64_t bit = bits & -bits;
    const auto slot = static_cast<std::uint32_t>(std::countr_zero(bit));
    if (slot >= ring.max_publishers) return;
    if ((ring.seats_control->room_waiters.fetch_and(~bit) & bit) != 0) {
      BUSBAR_CRASH_POINT("wake_publisher.cleared");
      sync::ring_bell(ring.doorbells[slot].bell);
    }
  }
}

void call_publishers(const RingView& ring) noexcept {
  ring.seats_control->call.store(1, std::memory_order_release);
}

void hail_publishers(const RingView& ring) noexcept {
  ring.seats_control->hail.store(1, std::memory_order_release);
  call_publishers(ring);
}

void ring_everybody(const RingView& ring) noexcept {
  for (std::uint32_t i = 0; i < ring.max_subscribers; ++i) sync::ring_bell(ring.seats[i].bell);
  for (std::uint32_t i = 0; i < ring.max_publishers; ++i) sync::ring_bell(ring.doorbells[i].bell);
}

}  // namespace busbar::ring
