#include "daemon/log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>

#include "daemon/stderr_sink.hpp"

namespace busbar::daemon {

bool is_log_level(const std::string& level) {
  static constexpr std::array<const char*, 6> kNames{"trace", "debug", "info",
                                                     "warn",  "error", "off"};
  return std::find(kNames.begin(), kNames.end(), level) != kNames.end();
}

void set_up_log(const std::string& level) {
  auto logger = spdlog::get("busbard");
  if (!logger) {
    logger = std::make_shared<spdlog::logger>("busbard", std::make_shared<StderrSink>());
    spdlog::register_logger(logger);
  }
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %n %l: %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
}

}  // namespace busbar::daemon
