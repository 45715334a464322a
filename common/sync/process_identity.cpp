#include "common/sync/process_identity.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/base/unique_fd.hpp"

namespace busbar::sync {
namespace {

// Fields behind the command's closing bracket; the state is number 3.
constexpr int kState = 3;
constexpr int kThreads = 20;
constexpr int kStartTime = 22;

enum class Seen { alive, gone, unknown };

/// The number in field `wanted` of the text that begins with field 3; 0 if it is not there.
std::uint64_t field(const char* text, int wanted) noexcept {
  for (int n = kState; n < wanted; ++n) {
    text = std::strchr(text, ' ');
    if (text == nullptr) return 0;
    ++text;
  }
  return std::strtoull(text, nullptr, 10);
}

/// A /proc that hides other users' processes (hidepid) shows nothing of a live one.
Seen not_in_proc(std::uint64_t pid) noexcept {
  const bool no_such_process = ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH;
  return no_such_process ? Seen::gone : Seen::unknown;
}

/// Reads /proc/PID/stat: whether the process lives, and its start time.
Seen look_at(std::uint64_t pid, std::uint64_t& start_time) noexcept {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%llu/stat", static_cast<unsigned long long>(pid));
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return errno == ENOENT ? not_in_proc(pid) : Seen::unknown;
  char text[1024];
  const ssize_t size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0) return size < 0 && errno == ESRCH ? Seen::gone : Seen::unknown;
  text[size] = '\0';
  // The command may hold any character, brackets too: the last one ends it.
  const char* bracket = std::strrchr(text, ')');
  if (bracket == nullptr || bracket[1] != ' ') return Seen::unknown;
  const char* fields = bracket + 2;
  start_time = field(fields, kStartTime);
  // A zombie's first thread is gone, others may run on: only a zombie of one thread is dead.
  const bool exited = *fields == 'X' || (*fields == 'Z' && field(fields, kThreads) <= 1);
  return exited ? Seen::gone : Seen::alive;
}

std::uint64_t namespace_number(const char* path) noexcept {
  struct stat status {};
  return ::stat(path, &status) == 0 ? status.st_ino : 0;
}

/// Of both namespaces: who is in another time namespace reads other start times of the same
/// processes.
std::uint64_t own_namespace() noexcept {
  const std::uint64_t pid = namespace_number("/proc/self/ns/pid");
  return pid == 0 ? 0 : pid ^ (namespace_number("/proc/self/ns/time") << 32);
}

}  // namespace

ProcessIdentity own_identity() noexcept {
  ProcessIdentity own;
  own.pid = static_cast<std::uint64_t>(::getpid());
  own.start_time = start_time_of(own.pid).value_or(0);
  own.pid_namespace = own_namespace();
  return own;
}

std::optional<std::uint64_t> start_time_of(std::uint64_t pid) noexcept {
  std::uint64_t start_time = 0;
  if (look_at(pid, start_time) == Seen::alive) return start_time;
  return std::nullopt;
}

bool known_dead(const ProcessIdentity& process) noexcept {
  if (process.pid == 0 || process.start_time == 0 || process.pid_namespace == 0) return false;
  // First what costs one look: most live.
  std::uint64_t start_time = 0;
  const Seen seen = look_at(process.pid, start_time);
  if (seen == Seen::unknown || (seen == Seen::alive && start_time == process.start_time)) {
    return false;
  }
  if (process.pid_namespace != own_namespace()) return false;
  // Without a /proc that shows ourselves "not there" would mean nothing.
  return look_at(static_cast<std::uint64_t>(::getpid()), start_time) == Seen::alive;
}

}  // namespace busbar::sync
