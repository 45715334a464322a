#pragma once

#include <bit>
#include <cstdint>

#include "common/layout/limits.hpp"

// docs/layout.md, "Seats segment".

namespace busbar::layout {

/// A record that a seat keeps where it is, as one word: bits 0-34 its offset in the data area in
/// units of 8 bytes, 35-63 its bytes, rounded up, in units of 8 << size_shift(capacity). 0: none.
class Pin {
 public:
  constexpr Pin() = default;
  constexpr explicit Pin(std::uint64_t bits) : bits_(bits) {}
  constexpr Pin(std::uint64_t offset, std::uint64_t bytes, std::uint64_t capacity)
      : bits_(offset / 8 | units(bytes, capacity) << kOffsetBits) {}

  constexpr std::uint64_t bits() const { return bits_; }
  constexpr std::uint64_t offset() const {
    return (bits_ & ((std::uint64_t{1} << kOffsetBits) - 1)) * 8;
  }
  constexpr std::uint64_t bytes(std::uint64_t capacity) const {
    return (bits_ >> kOffsetBits) * (std::uint64_t{8} << size_shift(capacity));
  }

  /// Up to 4 GiB sizes are exact; in larger rings 29 bits do not hold half a ring of 8-byte units.
  static constexpr unsigned size_shift(std::uint64_t capacity) {
    const unsigned bits = static_cast<unsigned>(std::bit_width(capacity - 1));
    return bits > 32 ? bits - 32 : 0;
  }

 private:
  static constexpr unsigned kOffsetBits = 35;
  static constexpr std::uint64_t units(std::uint64_t bytes, std::uint64_t capacity) {
    const std::uint64_t unit = std::uint64_t{8} << size_shift(capacity);
    return (bytes + unit - 1) / unit;
  }
  std::uint64_t bits_ = 0;
};

static_assert(Pin(kMaxCapacity - 8, 8, kMaxCapacity).offset() == kMaxCapacity - 8 &&
                  Pin(0, kMaxCapacity / 2 + kPage, kMaxCapacity).bytes(kMaxCapacity) >=
                      kMaxCapacity / 2 + kPage,
              "a pin that covers less than its record lets a held message be overwritten");
static_assert(Pin(8, 24, std::uint64_t{1} << 32).bytes(std::uint64_t{1} << 32) == 24,
              "a pin that covers more than its record lies on its neighbour");

}  // namespace busbar::layout
