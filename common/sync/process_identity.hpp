#pragma once

#include <cstdint>
#include <optional>

namespace busbar::sync {

/// What tells one process from every other, its pid's reuse included, within one PID namespace as
/// seen from one time namespace.
struct ProcessIdentity {
  std::uint64_t pid = 0;
  std::uint64_t start_time = 0;
  std::uint64_t pid_namespace = 0;  // PID and time namespace in one number; 0: unknown
};

/// Of the calling process. Not cached.
ProcessIdentity own_identity() noexcept;

/// Field 22 of /proc/PID/stat; nothing if there is no such process.
std::optional<std::uint64_t> start_time_of(std::uint64_t pid) noexcept;

/// True only if it is certain that the process is gone: same PID and time namespace, and no live
/// process of that pid and start time. A process that cannot be seen is not known to be dead.
bool known_dead(const ProcessIdentity& process) noexcept;

}  // namespace busbar::sync
