#include "cli/rough_text.hpp"

#include <array>
#include <cstddef>

namespace busbar::cli {
namespace {

struct Unit {
  const char* name;
  std::uint64_t size;
};

constexpr std::array<Unit, 5> kSizes{{{"", 1},
                                      {"KiB", std::uint64_t{1} << 10},
                                      {"MiB", std::uint64_t{1} << 20},
                                      {"GiB", std::uint64_t{1} << 30},
                                      {"TiB", std::uint64_t{1} << 40}}};
constexpr std::array<Unit, 4> kTimes{{{"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}}};

/// In the largest unit of which there is at least one.
template <std::size_t N>
std::string in_units(std::uint64_t value, const std::array<Unit, N>& units) {
  std::size_t at = 0;
  while (at + 1 < N && value >= units[at + 1].size) ++at;
  const std::uint64_t size = units[at].size;
  // The rest is less than 2^40: ten times that fits.
  const std::uint64_t tenths = value % size * 10 / size;
  std::string text = std::to_string(value / size);
  if (tenths != 0) text.append(".").append(std::to_string(tenths));
  return text.append(units[at].name);
}

}  // namespace

std::string rough_text(std::uint64_t bytes) {
  return in_units(bytes, kSizes);
}

std::string rough_text(std::chrono::milliseconds time) {
  const auto count = time.count();
  return in_units(count < 0 ? 0 : static_cast<std::uint64_t>(count), kTimes);
}

}  // namespace busbar::cli
