#include "trip_times.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace compare {

namespace {

/// What part `part` of the sorted trips does not exceed. The clock may tick in steps much coarser
/// than its unit: equal values are taken as spread evenly between their neighbours.
double quantile(const std::vector<std::uint32_t>& sorted, double part) {
  const double place = part * static_cast<double>(sorted.size());
  const std::uint32_t value = sorted[std::min(static_cast<std::size_t>(place), sorted.size() - 1)];
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  const double below = first == sorted.begin() ? value : (double{1} * value + *(first - 1)) / 2;
  const double above = last == sorted.end() ? value : (double{1} * value + *last) / 2;
  const double before = static_cast<double>(first - sorted.begin());
  return below + (above - below) * (place - before) / static_cast<double>(last - first);
}

}  // namespace

TripTimes trip_times(std::vector<std::uint32_t>& trips, double tick) {
  if (trips.empty()) return {};
  std::sort(trips.begin(), trips.end());
  const double sum = std::accumulate(trips.begin(), trips.end(), 0.0);
  const double mean = sum / static_cast<double>(trips.size());
  return {trips.size(), mean * tick, quantile(trips, .5) * tick, quantile(trips, .99) * tick,
          quantile(trips, .999) * tick};
}

}  // namespace compare
