#include "common/base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace busbar {
namespace {

using Unit = std::pair<std::string_view, double>;

constexpr std::array<Unit, 10> kSizeUnits{{{"", 1},
                                           {"B", 1},
                                           {"KiB", 1024.0},
                                           {"MiB", 1048576.0},
                                           {"GiB", 1073741824.0},
                                           {"TiB", 1099511627776.0},
                                           {"kB", 1e3},
                                           {"MB", 1e6},
                                           {"GB", 1e9},
                                           {"TB", 1e12}}};

constexpr std::array<Unit, 6> kTimeUnits{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}};

/// A plain decimal number times its unit, exact up to 2^53; nothing beyond `limit`.
template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<Unit, N>& units,
                             double limit) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  for (const auto& [name, factor] : units) {
    if (rest != name) continue;
    const double value = number * factor;
    if (!(value <= limit) || value != std::floor(value)) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto value = scaled(text, kSizeUnits, 9007199254740992.0);
  if (!value) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds::zero();
  const auto value = scaled(text, kTimeUnits, 9e18);
  if (!value) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*value));
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kNames{"", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (unit + 1 < kNames.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + std::string(kNames[unit]);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  static constexpr std::array<std::string_view, 4> kNames{"ns", "us", "ms", "s"};
  auto count = duration.count();
  std::size_t unit = 0;
  while (unit + 1 < kNames.size() && count != 0 && count % 1000 == 0) {
    count /= 1000;
    ++unit;
  }
  return std::to_string(count) + std::string(kNames[unit]);
}

}  // namespace busbar
