#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/export.hpp"

// For programs that want more of the machine than their turn: a processor of their own, real-time
// scheduling, memory that stays. All of it is the system's to grant; docs/big-machines.md says when
// it pays, and what a unit file does better.

namespace busbar {

/// What to ask for. What is not given stays as it is.
struct ThreadTuning {
  /// The processor that the thread runs on, and on no other one, as the kernel numbers them.
  /// Threads that it starts later begin there too.
  std::optional<std::uint32_t> cpu = {};
  /// Real time: SCHED_FIFO with this priority, 1 to 99. It then runs until it sleeps, whoever else
  /// of lower priority wants its processor: a subscriber that polls without end needs one of its
  /// own. Give all publishers of one channel the same. Threads that it starts later inherit it.
  std::optional<std::uint32_t> fifo_priority = {};
  /// Whether the memory of the whole process is locked (mlockall): what is mapped now, rings that
  /// are open included, and where no limit stands in the way what is mapped later. It is in memory
  /// at once, all of it: no page fault any more, and none of it is ever swapped out.
  bool lock_memory = false;
};

/// One thing that was asked for.
struct TuningStep {
  std::string what;  ///< "processor 3", "SCHED_FIFO priority 10", "locked memory"
  bool granted = false;
  std::string why;     ///< what the system says against it; empty if granted
  std::string remedy;  ///< what would help; empty if granted
};

/// What came of it: a step for each thing that was asked for, in the order of ThreadTuning.
struct TuningReport {
  std::vector<TuningStep> steps;

  BUSBAR_EXPORT bool all_granted() const noexcept;
  /// For a log: a line for each step.
  BUSBAR_EXPORT std::string text() const;
};

/// Asks for all of it, for the calling thread (locked memory: the process), and reports. A refusal
/// is no error: the thread runs on as it was in that respect. Throws std::bad_alloc alone.
BUSBAR_EXPORT TuningReport tune_this_thread(const ThreadTuning& wanted);

}  // namespace busbar
