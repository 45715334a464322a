#include <fcntl.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/doctor/checks.hpp"
#include "cli/rough_text.hpp"

namespace busbar::cli {
namespace {

using enum Verdict;

#ifndef SO_PEERPIDFD
constexpr int SO_PEERPIDFD = 77;
#endif

constexpr const char* kSharedMemory = "/dev/shm";
constexpr std::uint64_t kFewDescriptors = 256;

long membarrier(int command) {
  return ::syscall(SYS_membarrier, command, 0, 0);
}

bool has_pidfd() {
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool has_peer_pidfd() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
  int fd = -1;
  socklen_t size = sizeof fd;
  const bool has = ::getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0;
  if (fd >= 0) ::close(fd);
  ::close(pair[0]);
  ::close(pair[1]);
  return has;
}

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0
                    : static_cast<std::uint64_t>(100.0 * static_cast<double>(part) /
                                                 static_cast<double>(whole));
}

}  // namespace

SharedMemory look_at_shared_memory() {
  SharedMemory memory;
  struct statfs state {};
  if (::statfs(kSharedMemory, &state) != 0) return memory;
  const auto block = static_cast<std::uint64_t>(state.f_bsize);
  memory.mounted = state.f_type == TMPFS_MAGIC;
  memory.writable = ::access(kSharedMemory, W_OK | X_OK) == 0;
  memory.size = state.f_blocks * block;
  memory.free = state.f_bavail * block;
  return memory;
}

Findings shared_memory_findings(const SharedMemory& memory, bool answered) {
  // Clients get their memory from the broker: it needs the folder, they do not.
  const Verdict missing = answered ? warning : problem;
  if (!memory.mounted) {
    return {{missing, "shm", "/dev/shm is no mounted tmpfs",
             "a broker here cannot make channels of named segments",
             "sudo mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm"}};
  }
  Findings findings;
  if (!memory.writable) {
    findings.push_back({missing, "shm", "/dev/shm is not writable for you",
                        "a broker of this user cannot make channels of named segments",
                        "sudo mount -o remount,rw /dev/shm && sudo chmod 1777 /dev/shm"});
  }
  if (memory.size == 0) {
    findings.push_back({ok, "shm", "/dev/shm has no limit of its own", {}, {}});
    return findings;
  }
  const std::uint64_t used = percent(memory.size - memory.free, memory.size);
  Finding finding{ok,
                  "shm",
                  "/dev/shm has " + rough_text(memory.size) + ", " + std::to_string(used) +
                      "% used, " + rough_text(memory.free) + " free",
                  {},
                  {}};
  if (used >= 90) {
    finding.verdict = warning;
    finding.why = "new channels fail with \"No space left on device\" when it is full";
    finding.command = "ls -lS /dev/shm   # or: sudo mount -o remount,size=" +
                      std::to_string((memory.size * 2) >> 20) + "m /dev/shm";
  }
  findings.push_back(std::move(finding));
  return findings;
}

Machine look_at_machine() {
  Machine machine;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    machine.soft_descriptors = limit.rlim_cur;
    machine.hard_descriptors = limit.rlim_max;
  }
  // As the library does: what a filter refuses is not there.
  machine.membarrier = membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0 &&
                       membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;
  machine.pidfd = has_pidfd();
  machine.peer_pidfd = has_peer_pidfd();
  utsname name{};
  if (::uname(&name) == 0) machine.kernel = name.release;
  return machine;
}

Findings machine_findings(const Machine& machine) {
  Findings findings;
  const std::string descriptors =
      "descriptors: at most " + std::to_string(machine.soft_descriptors) +
      " in one process (hard: " + std::to_string(machine.hard_descriptors) + ")";
  if (machine.soft_descriptors < kFewDescriptors) {
    findings.push_back({warning, "limits", descriptors,
                        "a broker started from here refuses clients early: each costs it two",
                        "ulimit -n " + std::to_string(machine.hard_descriptors)});
  } else {
    findings.push_back({ok, "limits", descriptors, {}, {}});
  }
  if (machine.membarrier) {
    findings.push_back({ok, "kernel", "membarrier is there", {}, {}});
  } else {
    findings.push_back(
        {warning, "kernel", "membarrier is refused (an old kernel, or a seccomp filter)",
         "a broker that meets the same makes channels whose messages cost more: both "
         "sides fence",
         "grep -E 'Seccomp|NoNewPrivs' /proc/self/status   # then allow membarrier in the "
         "filter"});
  }
  if (machine.peer_pidfd) {
    findings.push_back(
        {ok, "kernel", "pidfd and SO_PEERPIDFD are there (" + machine.kernel + ")", {}, {}});
  } else if (machine.pidfd) {
    findings.push_back({ok,
                        "kernel",
                        "pidfd is there, SO_PEERPIDFD is not (" + machine.kernel + "): fine",
                        {},
                        {}});
  } else {
    findings.push_back(
        {problem, "kernel", "pidfd_open is refused (" + machine.kernel + ")",
         "a broker that meets the same cannot tell for sure when a client is dead",
         "uname -r   # 5.3 or later is needed, and a seccomp filter that allows pidfd_open"});
  }
  return findings;
}

}  // namespace busbar::cli
