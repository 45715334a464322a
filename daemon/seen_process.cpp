#include "daemon/seen_process.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/sync/process_identity.hpp"

namespace busbar::daemon {

SeenProcess seen_process(const Peer& peer) {
  // Without the pidfd the pid may be somebody else's by now.
  if (peer.pid <= 0 || !peer.pidfd) return {};
  const auto pid = static_cast<std::uint64_t>(peer.pid);
  return {pid, sync::start_time_of(pid).value_or(0)};
}

/// The pidfd first: whatever happens behind it, it is of the process whose start time is read, or
/// that has another start time than the one looked for.
Found find_process(const SeenProcess& process) {
  using enum Found::State;
  if (process.pid == 0 || process.start_time == 0) return {unknown};
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(process.pid), 0)));
  if (!pidfd) return {errno == ESRCH || errno == EINVAL ? dead : unknown};
  if (sync::start_time_of(process.pid) != process.start_time) return {dead};
  return {alive, std::move(pidfd)};
}

}  // namespace busbar::daemon
