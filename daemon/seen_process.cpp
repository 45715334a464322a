#include "daemon/seen_process.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/error.hpp"
#include "common/sync/process_identity.hpp"

namespace busbar::daemon {

namespace {

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOMEM;
}

bool has_ended(int pidfd) noexcept {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

}  // namespace

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
  if (!pidfd && is_shortage(errno)) throw system_error("pidfd_open", errno);
  if (!pidfd) return {errno == ESRCH || errno == EINVAL ? dead : unknown};
  const auto start_time = sync::start_time_of(process.pid);
  if (start_time == process.start_time) return {alive, std::move(pidfd)};
  // Without an entry in /proc it may be hidden from us.
  return {start_time || has_ended(pidfd.get()) ? dead : unknown};
}

}  // namespace busbar::daemon
