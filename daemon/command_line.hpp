#pragma once

#include <optional>
#include <string>

namespace busbar::daemon {

/// What busbard was started with.
struct CommandLine {
  std::string config = {};
  std::string socket = {};
  std::string log_level = {};
  std::string log_target = {};
  bool check_config = false;
  bool supervise = false;
  bool purge = false;
  /// Set: nothing is to be done any more (--help, --version, or wrong usage).
  std::optional<int> exit_code = {};
};

/// Prints help, the version or what is wrong by itself.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace busbar::daemon
