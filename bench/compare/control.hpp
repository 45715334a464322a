#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace compare {

enum class Phase : int {
  preparing,
  warming_up,
  measuring,
  stopping,  ///< writers send the end
  over,      ///< whoever still waits gives up
};

/// What one runner did. The runner writes, the stage reads.
struct alignas(128) Tally {
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> wrong{0};     // a word was not what was written
  std::atomic<std::uint64_t> lost{0};      // numbers that were skipped
  std::atomic<std::uint64_t> repeated{0};  // or came again, or late
  std::atomic<bool> done{false};
};

/// Round trips of the measured time, in ns.
struct TripTimes {
  std::uint64_t count = 0;
  double mean = 0;
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
};

/// The page that the processes of a sample share.
struct Control {
  static constexpr std::size_t kMost = 64;  // writers, readers

  alignas(128) std::atomic<Phase> phase{Phase::preparing};
  alignas(128) std::atomic<int> arrived{0};
  alignas(128) TripTimes trips;
  char error[256] = {};
  Tally writers[kMost];
  Tally readers[kMost];

  bool sends() const { return phase.load(std::memory_order_relaxed) < Phase::stopping; }
  bool is_over() const { return phase.load(std::memory_order_relaxed) == Phase::over; }
  void enter(Phase next);
  /// Sleeps until the phase is a later one.
  void wait_past(Phase phase_now);
  void complain(const char* what) { std::snprintf(error, sizeof error, "%s", what); }
};

}  // namespace compare
