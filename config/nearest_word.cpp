#include "config/nearest_word.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace busbar::config {
namespace {

/// Levenshtein's.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_word(std::string_view given, std::span<const std::string> words) {
  constexpr std::size_t kLongestCompared = 64;
  std::string best;
  std::size_t least = std::max<std::size_t>(2, given.size() / 3) + 1;
  if (given.size() > kLongestCompared) return best;
  for (const std::string& word : words) {
    const std::size_t found = distance(given, word);
    if (found >= least) continue;
    least = found;
    best = word;
  }
  return best;
}

}  // namespace busbar::config
