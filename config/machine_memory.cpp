#include "config/machine_memory.hpp"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <optional>

namespace busbar::config {
namespace {

/// Nothing if it is not there, or if it is a tmpfs without a limit of its own: that has no blocks.
std::optional<struct statvfs> shared_memory_state() {
  struct statvfs state {};
  if (::statvfs("/dev/shm", &state) != 0 || state.f_blocks == 0) return std::nullopt;
  return state;
}

}  // namespace

std::uint64_t machine_memory() {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return kUnknownMemory;
  return std::uint64_t{info.totalram} * info.mem_unit;
}

std::uint64_t shared_memory() {
  const auto state = shared_memory_state();
  return state ? std::uint64_t{state->f_blocks} * state->f_frsize : kUnknownMemory;
}

std::uint64_t free_shared_memory() {
  const auto state = shared_memory_state();
  return state ? std::uint64_t{state->f_bavail} * state->f_frsize : kUnknownMemory;
}

std::uint64_t default_memory_limit() {
  return std::min(machine_memory(), shared_memory()) / 2;
}

std::uint64_t memory_limit(const Limits& limits) {
  return limits.memory ? *limits.memory : default_memory_limit();
}

}  // namespace busbar::config
