#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace compare {

/// What processes have used since they began, all their threads together.
struct Usage {
  double cpu_ns = 0;
  std::uint64_t voluntary = 0;  // context switches
  std::uint64_t involuntary = 0;

  static Usage of(const std::vector<pid_t>& processes);
  friend Usage operator-(const Usage& late, const Usage& early) {
    return {late.cpu_ns - early.cpu_ns, late.voluntary - early.voluntary,
            late.involuntary - early.involuntary};
  }
};

/// Proportional set sizes in bytes, all processes together.
struct Memory {
  std::uint64_t all = 0;
  std::uint64_t shared = 0;  // of shared memory

  static Memory of(const std::vector<pid_t>& processes);
};

}  // namespace compare
