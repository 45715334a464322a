#include "daemon/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace busbar::daemon {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

void LatencyHistogram::record(nanoseconds time) noexcept {
  time = std::max(time, nanoseconds::zero());
  const auto whole = static_cast<std::uint64_t>(std::chrono::floor<microseconds>(time).count());
  ++buckets_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(whole)), kBuckets - 1)];
  ++count_;
  max_ = std::max(max_, time);
}

microseconds LatencyHistogram::max() const noexcept {
  return std::chrono::ceil<microseconds>(max_);
}

microseconds LatencyHistogram::percentile(double share) const noexcept {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i + 1 < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(microseconds(std::int64_t{1} << i), max());
  }
  return max();
}

}  // namespace busbar::daemon
