#include "tests/soak/traffic.hpp"

#include <algorithm>
#include <cstring>

namespace busbar::soak {
namespace {

constexpr std::size_t kOffsets = 1 << 20;

std::uint64_t seed(std::uint32_t publisher, std::uint64_t n) {
  return mixed(n * 64 + publisher + 1);
}

}  // namespace

// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
// OOPSLA 2014).
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

Traffic::Traffic(std::size_t smallest, std::size_t largest)
    : smallest_(smallest), largest_(largest), noise_(kOffsets + largest + 8) {
  for (std::size_t i = 0; i + 8 <= noise_.size(); i += 8) {
    const std::uint64_t word = mixed(i);
    std::memcpy(noise_.data() + i, &word, 8);
  }
}

std::size_t Traffic::size(std::uint32_t publisher, std::uint64_t n) const {
  const std::uint64_t bits = seed(publisher, n);
  // As many messages of each order of magnitude.
  std::size_t magnitudes = 0;
  while ((smallest_ << magnitudes) < largest_) ++magnitudes;
  const std::size_t scale = smallest_ << (bits % (magnitudes + 1));
  return std::min(largest_, scale + (bits >> 32) % scale);
}

std::span<const std::byte> Traffic::bytes(std::uint32_t publisher, std::uint64_t n) const {
  const std::size_t offset = (seed(publisher, n) >> 8) % kOffsets;
  return {noise_.data() + offset, size(publisher, n)};
}

}  // namespace busbar::soak
