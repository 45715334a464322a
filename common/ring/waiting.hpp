// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "common/base/wait_policy.hpp"

namespace busbar::ring {

/// What to do before the next look at what is waited for.
struct Rest {
  enum class Kind : std::uint8_t { pause, yield, sleep };
  Kind kind = Kind::pause;
  std::uint32_t pauses = 0;

  friend bool operator==(const Rest&, const Rest&) = default;
};

/// A wait policy at work, and what it has learnt from the last waits: for how long a spin is worth
/// it, whether others want the processor, and whether the stream is so dense that a batch should
/// form. A value that goes by what it is told; it reads no clock. docs/adr/0022.
class Waiting {
 public:
  /// What a look takes from the other side: a record's line from its writer; the cursors' lines
  /// from all readers, and room for one message more is not worth that.
  enum class Look : std::uint8_t { record, seats };

  explicit Waiting(Look look, WaitPolicy policy = WaitPolicy::balanced) noexcept
      : look_(look), policy_(policy) {}

  void set_policy(WaitPolicy policy) noexcept { policy_ = policy; }

  /// A new wait begins, at `position` and, where records are looked at, behind `records` of them;
  /// batches need not be larger than `enough` bytes.
  void begin(std::uint64_t position, std::uint64_t records, std::uint64_t enough) noexcept;

  /// What to do before the next look.
  Rest next() noexcept;
  /// The yield that it said is over.
  void yielded(std::chrono::nanoseconds took) noexcept;
  /// The sleep that it said is over; `found`: with what it waited for.
  void slept(std::chrono::nanoseconds took, bool found) noexcept;

  /// Whether reading the clock costs little beside what was spent since it last said so.
  bool may_read_clock() const noexcept { return yields_ != 0 || looks_ % 32 == 0; }

 private:
  void learn_density(std::uint64_t batch, std::uint64_t records, std::uint64_t enough) noexcept;
  void learn_company(std::uint64_t batch, std::uint64_t enough) noexcept;
  Rest next_by_latency() noexcept;
  Rest next_by_balance() noexcept;
  Rest pause() noexcept;
  Rest yield() noexcept;

  Look look_;
  WaitPolicy policy_;
  // of this wait
  std::uint32_t looks_ = 0;
  std::uint32_t spent_ = 0;  // pauses
  std::uint32_t yields_ = 0;
  bool was_long_yield_ = false;
  bool has_slept_ = false;
  // learnt
  std::uint64_t position_ = 0;   // where the last wait began
  std::uint64_t records_ = 0;    // likewise
  std::uint32_t budget_ = 1024;  // of pauses, before it sleeps
  std::uint32_t density_ = 0;    // waits lately that were over at their first look
  std::uint32_t company_ = 0;    // yields lately that gave way to somebody
  std::uint32_t shy_waits_ = 0;  // still to come, in which a yield would take too long
  std::uint32_t shyness_ = 0;    // how many it were the last time
};

}  // namespace busbar::ring
