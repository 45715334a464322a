#pragma once

#include <string>
#include <vector>

#include "tests/torture/worker.hpp"

namespace busbar::torture {

/// Notices when a worker no longer gets on.
class HangWatch {
 public:
  explicit HangWatch(double patience_seconds) : patience_(patience_seconds) {}

  /// True if one has not taken a step for so long; says who waits where.
  bool look(const std::vector<Worker>& workers, const std::string& socket);

 private:
  struct Seen {
    std::uint64_t steps = 0;
    std::uint32_t incarnation = 0;
    Clock::time_point since = {};
  };
  std::chrono::duration<double> patience_;
  std::vector<Seen> seen_;
};

}  // namespace busbar::torture
