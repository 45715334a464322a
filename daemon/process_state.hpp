#pragma once

#include <sys/types.h>

namespace busbar::daemon {

enum class ProcessState { running, stopped, unknown };

/// What /proc says of a live process: stopped (by SIGSTOP, a terminal, a debugger) or not. Unknown
/// if it is not seen from here; a pid of 0 is.
ProcessState process_state(pid_t pid) noexcept;

/// "running", "stopped", "unknown".
const char* process_state_text(ProcessState state) noexcept;

}  // namespace busbar::daemon
