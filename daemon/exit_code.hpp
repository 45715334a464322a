#pragma once

namespace busbar::daemon {

enum ExitCode : int { kExitOk = 0, kExitRuntime = 1, kExitUsage = 2 };

}  // namespace busbar::daemon
