#pragma once

#include <cstdint>

#include "common/layout/limits.hpp"
#include "common/layout/record.hpp"
#include "common/layout/ring_control.hpp"
#include "common/layout/ring_descriptor.hpp"
#include "common/layout/seats.hpp"

// Where everything lies, from a few numbers. Pure arithmetic.

namespace busbar::layout {

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

constexpr bool is_power_of_two(std::uint64_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

/// Bytes that a record of this length takes in the ring.
constexpr std::uint64_t extent(std::uint64_t length, std::uint32_t alignment) {
  return align_up(length, alignment);
}

/// First position of a ring: the payload behind a header there has the wanted alignment, and so,
/// extents being multiples of it, has every later one.
constexpr std::uint64_t first_position(std::uint32_t alignment) {
  return (alignment - kHeaderBytes % alignment) % alignment;
}

// Ring segment: descriptor (one page), RingControl, slots, data (whole pages).
inline constexpr std::uint64_t kControlOffset = kPage;
inline constexpr std::uint64_t kSlotsOffset = kControlOffset + sizeof(RingControl);
constexpr std::uint64_t data_offset(std::uint32_t max_publishers) {
  return align_up(kSlotsOffset + max_publishers * sizeof(PublisherSlot), kPage);
}
constexpr std::uint64_t ring_segment_bytes(std::uint64_t capacity, std::uint32_t max_publishers) {
  return data_offset(max_publishers) + capacity;
}

// Seats segment: descriptor (one page), SeatsControl, publishers' doorbells, seats.
inline constexpr std::uint64_t kSeatsControlOffset = kPage;
inline constexpr std::uint64_t kDoorbellsOffset = kSeatsControlOffset + sizeof(SeatsControl);
constexpr std::uint64_t seats_offset(std::uint32_t max_publishers) {
  return align_up(kDoorbellsOffset + max_publishers * sizeof(PublisherDoorbell), kLine);
}
constexpr std::uint64_t seats_segment_bytes(std::uint32_t max_publishers,
                                            std::uint32_t max_subscribers) {
  return align_up(seats_offset(max_publishers) + max_subscribers * sizeof(Seat), kPage);
}

/// The publisher looks at the seats at most this many bytes ahead of its position.
constexpr std::uint64_t stride(std::uint64_t capacity) {
  return capacity / 8;
}

static_assert(kSlotsOffset % kLine == 0 && kDoorbellsOffset % kLine == 0,
              "slots that straddle lines: two publishers write one line on every claim");
static_assert(first_position(8) == 0 && first_position(16) == 0 && first_position(64) == 48 &&
              first_position(4096) == 4080);

}  // namespace busbar::layout
