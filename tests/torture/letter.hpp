#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "tests/soak/traffic.hpp"

namespace busbar::torture {

/// What a message begins with; bytes that Traffic knows follow.
struct Letter {
  std::uint32_t publisher = 0;  // its number on the channel
  std::uint32_t channel = 0;
  std::uint64_t number = 0;  // of the message, from 0
  std::uint64_t written_at_ns = 0;
};

inline constexpr std::size_t kSmallest = 8;
inline constexpr std::size_t kLargest = 1000;

constexpr std::uint32_t traffic_of(const Letter& letter) {
  return letter.publisher * 4 + letter.channel;
}
inline std::size_t size_of(const soak::Traffic& traffic, const Letter& letter) {
  return sizeof(Letter) + traffic.size(traffic_of(letter), letter.number);
}
inline std::uint64_t hash_of(const Letter& letter) {
  return soak::mixed(letter.number ^ soak::mixed(traffic_of(letter)));
}
inline std::uint32_t type_of(const Letter& letter) {
  return static_cast<std::uint32_t>(hash_of(letter) >> 32);
}

inline void write(const soak::Traffic& traffic, const Letter& letter, std::byte* to) {
  const auto body = traffic.bytes(traffic_of(letter), letter.number);
  std::memcpy(to, &letter, sizeof letter);
  std::memcpy(to + sizeof letter, body.data(), body.size());
}

/// Whether it is, to the last byte, what its beginning says.
inline bool is_whole(const soak::Traffic& traffic, const Letter& letter,
                     std::span<const std::byte> payload) {
  const auto body = traffic.bytes(traffic_of(letter), letter.number);
  return payload.size() == sizeof letter + body.size() &&
         std::memcmp(payload.data(), &letter, sizeof letter) == 0 &&
         std::memcmp(payload.data() + sizeof letter, body.data(), body.size()) == 0;
}

}  // namespace busbar::torture
