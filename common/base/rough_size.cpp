#include "common/base/rough_size.hpp"

#include <array>
#include <string_view>

namespace busbar {

std::string rough_size_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits{"", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t factor = 1;
  while (unit + 1 < kUnits.size() && bytes / factor >= 1024) {
    factor *= 1024;
    ++unit;
  }
  const std::uint64_t whole = bytes / factor;
  const std::uint64_t tenths = bytes % factor * 10 / factor;
  std::string text = std::to_string(whole);
  if (whole < 10 && tenths != 0) text.append(".").append(std::to_string(tenths));
  return text.append(kUnits[unit]);
}

}  // namespace busbar
