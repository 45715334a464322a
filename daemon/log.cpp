#include "daemon/log.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "daemon/stderr_sink.hpp"

namespace busbar::daemon {
namespace {

/// systemd says in $JOURNAL_STREAM which file the journal reads; an inherited one may mean another.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
         stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

bool wants_journal(const LogSettings& settings) {
  return settings.target == "journal" || (settings.target == "auto" && stderr_is_journal());
}

spdlog::sink_ptr make_sink(const LogSettings& settings) {
  if (goes_to_journal(settings))
    return std::make_shared<JournalSink>(settings.bus, settings.journal_socket);
  return std::make_shared<StderrSink>();
}

}  // namespace

bool is_log_level(const std::string& level) {
  static constexpr std::array<const char*, 6> kNames{"trace", "debug", "info",
                                                     "warn",  "error", "off"};
  return std::find(kNames.begin(), kNames.end(), level) != kNames.end();
}

bool is_log_target(const std::string& target) {
  return target == "auto" || target == "stderr" || target == "journal";
}

bool goes_to_journal(const LogSettings& settings) {
  return wants_journal(settings) && ::access(settings.journal_socket.c_str(), W_OK) == 0;
}

void set_up_log(const LogSettings& settings) {
  const auto logger = std::make_shared<spdlog::logger>("busbard", make_sink(settings));
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %n %l: %v");
  logger->set_level(spdlog::level::from_str(settings.level));
  spdlog::set_default_logger(logger);
  if (settings.target == "journal" && !goes_to_journal(settings)) {
    spdlog::warn("no journal at {}: the log goes to standard error", settings.journal_socket);
  }
}

}  // namespace busbar::daemon
