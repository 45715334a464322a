#include "common/base/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace busbar {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::array<Unit, 10> kSizeUnits{{{"", 1},
                                           {"B", 1},
                                           {"KiB", std::uint64_t{1} << 10},
                                           {"MiB", std::uint64_t{1} << 20},
                                           {"GiB", std::uint64_t{1} << 30},
                                           {"TiB", std::uint64_t{1} << 40},
                                           {"kB", 1'000},
                                           {"MB", 1'000'000},
                                           {"GB", 1'000'000'000},
                                           {"TB", 1'000'000'000'000}}};

constexpr std::array<Unit, 6> kTimeUnits{{{"ns", 1},
                                          {"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"min", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};

// So many digits behind the point that the largest unit still fits into 64 bits.
constexpr std::size_t kMostDecimals = 6;

constexpr std::uint64_t kLargest = INT64_MAX;

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || result.ec != std::errc{}) return std::nullopt;
  return value;
}

/// whole.decimals times factor, only if that is a whole number in range.
std::optional<std::uint64_t> product(std::uint64_t whole, std::string_view decimals,
                                     std::uint64_t factor) {
  std::uint64_t value = 0;
  if (__builtin_mul_overflow(whole, factor, &value)) return std::nullopt;
  if (!decimals.empty()) {
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < decimals.size(); ++i) scale *= 10;
    const std::uint64_t part = *number(decimals) * factor;
    if (part % scale != 0 || __builtin_add_overflow(value, part / scale, &value)) {
      return std::nullopt;
    }
  }
  if (value > kLargest) return std::nullopt;
  return value;
}

/// A plain decimal number and its unit, exactly; nothing if it is not a whole number of base units.
template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const std::array<Unit, N>& units) {
  const std::string_view whole = text.substr(0, digits_at(text));
  text.remove_prefix(whole.size());
  std::string_view decimals;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    decimals = text.substr(0, digits_at(text));
    text.remove_prefix(decimals.size());
    if (decimals.empty() || decimals.size() > kMostDecimals) return std::nullopt;
  }
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto value = number(whole);
  if (!value) return std::nullopt;
  for (const auto& [name, factor] : units) {
    if (text == name) return product(*value, decimals, factor);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return scaled(text, kSizeUnits);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds::zero();
  const auto value = scaled(text, kTimeUnits);
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
