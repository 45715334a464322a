#include "daemon/process_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

ProcessState process_state(pid_t pid) noexcept {
  if (pid <= 0) return ProcessState::unknown;
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return ProcessState::unknown;
  char text[256];
  const ssize_t size = ::read(file.get(), text, sizeof text - 1);
  if (size <= 0) return ProcessState::unknown;
  text[size] = '\0';
  // The command may hold any character, brackets too: the last one ends it.
  const char* bracket = std::strrchr(text, ')');
  if (bracket == nullptr || bracket[1] != ' ') return ProcessState::unknown;
  const char state = bracket[2];
  return state == 'T' || state == 't' ? ProcessState::stopped : ProcessState::running;
}

const char* process_state_text(ProcessState state) noexcept {
  switch (state) {
    case ProcessState::running:
      return "running";
    case ProcessState::stopped:
      return "stopped";
    case ProcessState::unknown:
      break;
  }
  return "unknown";
}

}  // namespace busbar::daemon
