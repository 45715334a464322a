#include "config/machine_memory.hpp"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <limits>

namespace busbar::config {
namespace {

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

std::uint64_t machine_memory() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return kUnknown;
  return std::uint64_t{info.totalram} * info.mem_unit;
}

std::uint64_t shared_memory() {
  struct statvfs state {};
  if (::statvfs("/dev/shm", &state) != 0) return kUnknown;
  // A tmpfs without a limit of its own has no blocks.
  return state.f_blocks == 0 ? kUnknown : std::uint64_t{state.f_blocks} * state.f_frsize;
}

}  // namespace

std::uint64_t default_memory_limit() {
  return std::min(machine_memory(), shared_memory()) / 2;
}

}  // namespace busbar::config
