#pragma once

#include <cstdint>

namespace busbar::soak {

/// A message's type says whose it is, and the low 26 bits of its number: also of one without bytes
/// to spare, and of one before which many were missed.
constexpr std::uint32_t stamp(std::uint32_t publisher, std::uint64_t n) {
  return publisher | static_cast<std::uint32_t>(n << 6);
}

constexpr std::uint32_t publisher_of(std::uint32_t stamp) {
  return stamp & 63;
}

/// The number nearest to `about`.
constexpr std::uint64_t number_of(std::uint32_t stamp, std::uint64_t about) {
  const std::uint32_t difference =
      (stamp & ~std::uint32_t{63}) - static_cast<std::uint32_t>(about << 6);
  return about + static_cast<std::uint64_t>(
                     static_cast<std::int64_t>(static_cast<std::int32_t>(difference) / 64));
}

static_assert(number_of(stamp(3, 7), 1000) == 7 && publisher_of(stamp(3, 7)) == 3);
static_assert(number_of(stamp(0, (std::uint64_t{1} << 30) - 1), std::uint64_t{1} << 30) ==
              (std::uint64_t{1} << 30) - 1);

}  // namespace busbar::soak
