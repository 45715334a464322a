#include "cores.hpp"

#include <sched.h>

#include <vector>

namespace compare {
namespace {

/// As it was when the program began.
const std::vector<int>& usable() {
  static const std::vector<int> cores = [] {
    cpu_set_t set;
    std::vector<int> found;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return found;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) found.push_back(core);
    }
    return found;
  }();
  return cores;
}

}  // namespace

void pin_to(int which) {
  const std::vector<int>& cores = usable();
  if (cores.size() < 2) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cores[static_cast<std::size_t>(which % 2)], &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace compare
