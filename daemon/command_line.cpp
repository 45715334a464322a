#include "daemon/command_line.hpp"

#include <CLI/CLI.hpp>

#include "common/base/version.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/log.hpp"

namespace busbar::daemon {

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("The broker of a busbar: owns the channels and hands them to clients.", "busbard");
  app.add_option("--config", line.config, "Configuration file")->type_name("FILE");
  app.add_option("--socket", line.socket, "Control socket to listen on")->type_name("PATH");
  CLI::Option* check = app.add_flag(
      "--check-config", line.check_config,
      "Say what the configuration means for a broker of this user, or what is wrong with it, and "
      "exit");
  CLI::Option* supervise =
      app.add_flag(
             "--supervise", line.supervise,
             "Run the broker as a child, start it anew when it dies, and keep its channels' memory "
             "meanwhile: for machines without systemd")
          ->disable_flag_override()
          ->excludes(check);
  app.add_flag("--purge", line.purge,
               "Remove everything that a broker of this bus and socket, which is gone, has left, "
               "and exit; members of its channels find them closed")
      ->excludes(check)
      ->excludes(supervise);
  app.add_option("--log-level", line.log_level, std::string("One of ") + kLogLevels)
      ->type_name("L")
      ->check([](const std::string& level) {
        return is_log_level(level) ? std::string() : std::string("one of ") + kLogLevels;
      });
  app.add_option("--log-target", line.log_target, std::string("One of ") + kLogTargets)
      ->type_name("T")
      ->check([](const std::string& target) {
        return is_log_target(target) ? std::string() : std::string("one of ") + kLogTargets;
      });
  app.set_version_flag("--version", std::string("busbard ") + kLibraryVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    line.exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return line;
}

}  // namespace busbar::daemon
