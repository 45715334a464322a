#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace busbar::daemon {

/// How long something took, counted by powers of two of microseconds. A plain value; one thread.
class LatencyHistogram {
 public:
  /// Bucket 0 counts what took less than 1 us, bucket i what took less than 2^i us and not less
  /// than half of it; the last one also whatever took longer.
  static constexpr std::size_t kBuckets = 32;

  void record(std::chrono::nanoseconds time) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  /// Rounded up; 0 if there was nothing.
  std::chrono::microseconds max() const noexcept;
  /// What `share` (0 to 1) of all took at most: the upper end of a bucket, and never beyond max().
  std::chrono::microseconds percentile(double share) const noexcept;
  const std::array<std::uint64_t, kBuckets>& buckets() const noexcept { return buckets_; }

 private:
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{};
};

}  // namespace busbar::daemon
