#pragma once

#include <chrono>

#include "common/control/messages.hpp"
#include "daemon/latency_histogram.hpp"

namespace busbar::daemon {

/// How the broker itself is: since when it runs, what it uses, how long its main loop keeps a
/// client waiting. Main thread only; `turns` must outlive it.
class Health {
 public:
  explicit Health(const LatencyHistogram& turns) noexcept : turns_(turns) {}

  /// Fills in what belongs to the process. Some system calls, no disk.
  void tell(control::BrokerReport& report) const;

 private:
  using Clock = std::chrono::steady_clock;

  const LatencyHistogram& turns_;
  Clock::time_point began_ = Clock::now();
};

}  // namespace busbar::daemon
