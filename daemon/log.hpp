#pragma once

#include <string>

namespace busbar::daemon {

/// The levels that may be asked for, for messages to people.
inline constexpr const char* kLogLevels = "trace, debug, info, warn, error, off";

bool is_log_level(const std::string& level);

/// Logs to stderr from this level on. Main thread only, as all logging is.
void set_up_log(const std::string& level);

}  // namespace busbar::daemon
