#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace busbar::soak {

/// What message number `n` of publisher `publisher` looks like: anybody can compute it, so that a
/// subscriber knows every byte that it has to receive.
class Traffic {
 public:
  /// Messages of `smallest` to `largest` bytes, small and large ones mixed.
  Traffic(std::size_t smallest, std::size_t largest);

  std::size_t size(std::uint32_t publisher, std::uint64_t n) const;
  std::span<const std::byte> bytes(std::uint32_t publisher, std::uint64_t n) const;

 private:
  std::size_t smallest_;
  std::size_t largest_;
  std::vector<std::byte> noise_;  // messages are pieces of it
};

/// A well-mixed 64-bit number for each input.
std::uint64_t mixed(std::uint64_t value);

}  // namespace busbar::soak
