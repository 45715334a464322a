#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace busbar {

/// A point on the steady clock, or never. A value; the clock is read only by left() and passed().
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline never() noexcept { return Deadline(); }
  static Deadline after(std::chrono::nanoseconds span) noexcept {
    Deadline deadline;
    const auto now = Clock::now();
    // A span that the clock cannot hold means never.
    if (span < Clock::time_point::max() - now) deadline.at_ = now + span;
    return deadline;
  }

  bool passed() const noexcept { return at_ && Clock::now() >= *at_; }

  /// Time left, at most `bound`; zero once it has passed.
  std::chrono::nanoseconds left(std::chrono::nanoseconds bound) const noexcept {
    if (!at_) return bound;
    const std::chrono::nanoseconds left = *at_ - Clock::now();
    return std::clamp(left, std::chrono::nanoseconds::zero(), bound);
  }

 private:
  std::optional<Clock::time_point> at_;
};

}  // namespace busbar
