#include "common/sync/process_identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/base/unique_fd.hpp"

namespace busbar::sync {
namespace {

constexpr int kFieldsToStartTime =
    20;  // behind the command's closing bracket: field 3 is the first

enum class Seen { alive, gone, unknown };

/// Reads /proc/PID/stat: the state letter and the start time.
Seen look_at(std::uint64_t pid, std::uint64_t& start_time) noexcept {
  char path[48];
  std::snprintf(path, sizeof path, "/proc/%llu/stat", static_cast<unsigned long long>(pid));
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return errno == ENOENT ? Seen::gone : Seen::unknown;
  char text[1024];
  const ssize_t size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0) return size < 0 && errno == ESRCH ? Seen::gone : Seen::unknown;
  text[size] = '\0';
  // The command may hold any character, brackets too: the last one ends it.
  const char* field = std::strrchr(text, ')');
  if (field == nullptr || field[1] != ' ') return Seen::unknown;
  field += 2;
  const char state = *field;
  for (int n = 1; n < kFieldsToStartTime && field != nullptr; ++n) {
    field = std::strchr(field, ' ');
    if (field != nullptr) ++field;
  }
  if (field == nullptr) return Seen::unknown;
  start_time = std::strtoull(field, nullptr, 10);
  // A zombie has exited: none of its threads touches memory again.
  return state == 'Z' || state == 'X' ? Seen::gone : Seen::alive;
}

std::uint64_t own_namespace() noexcept {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
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
  if (process.pid_namespace != own_namespace()) return false;
  // Without a /proc that shows ourselves "not there" would mean nothing.
  std::uint64_t start_time = 0;
  if (look_at(static_cast<std::uint64_t>(::getpid()), start_time) != Seen::alive) return false;
  switch (look_at(process.pid, start_time)) {
    case Seen::gone:
      return true;
    case Seen::alive:
      return start_time != process.start_time;
    case Seen::unknown:
      return false;
  }
  return false;
}

}  // namespace busbar::sync
