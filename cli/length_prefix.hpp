#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// The length before each message of --length-prefixed: 4 bytes, little-endian on every machine.

namespace busbar::cli {

inline constexpr std::size_t kLengthPrefix = 4;

inline std::uint32_t decode_length(std::span<const std::byte, kLengthPrefix> bytes) noexcept {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthPrefix; ++i) {
    length |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  }
  return length;
}

inline std::array<std::byte, kLengthPrefix> encode_length(std::uint32_t length) noexcept {
  std::array<std::byte, kLengthPrefix> bytes;
  for (std::size_t i = 0; i < kLengthPrefix; ++i) {
    bytes[i] = static_cast<std::byte>(length >> (8 * i));
  }
  return bytes;
}

}  // namespace busbar::cli
