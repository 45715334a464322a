#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control.hpp"
#include "plan.hpp"
#include "process.hpp"
#include "usage.hpp"

namespace compare {

/// What happened in the measured time.
struct Window {
  double seconds = 0;
  std::uint64_t written = 0;  // all writers
  std::uint64_t read = 0;     // all readers
  Usage usage;                // of the runners
  Usage daemons;
  Memory memory;
  std::uint64_t calls = 0;  // system calls, if they were to be counted
};

/// The runners of one sample, from their start to their end.
class Stage {
 public:
  Stage(const Plan& plan, Control& control) : plan_(plan), control_(control) {}

  void start(int core, const std::function<void()>& work);
  /// Warms up, measures, stops. `daemons` serve the runners.
  Window run(const std::vector<pid_t>& daemons);
  /// Why the sample counts for nothing; empty if it counts.
  std::string failure();

 private:
  bool all_are_there();
  bool has_lost_one();
  void stop();
  std::vector<pid_t> pids() const;

  const Plan& plan_;
  Control& control_;
  std::vector<Process> runners_;
  bool started_ = false;
  bool hung_ = false;
};

}  // namespace compare
