#include "cli/percent.hpp"

#include <algorithm>

namespace busbar::cli {
namespace {

constexpr double kMost = 999;

}  // namespace

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) noexcept {
  if (whole == 0) return 0;
  const double exact = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return static_cast<std::uint64_t>(std::min(exact, kMost));
}

}  // namespace busbar::cli
