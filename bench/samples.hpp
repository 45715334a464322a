#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace bench {

inline constexpr int kTripsPerSample = 64;

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Times `trip` in samples of kTripsPerSample, `count` of them: ns a trip.
template <typename Trip>
std::vector<double> time_trips(int count, Trip&& trip) {
  std::vector<double> samples;
  samples.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    for (int n = 0; n < kTripsPerSample; ++n) trip();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    samples.push_back(took.count() / kTripsPerSample);
  }
  return samples;
}

}  // namespace bench
