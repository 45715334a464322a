#include "daemon/complaints.hpp"

#include <spdlog/spdlog.h>

namespace busbar::daemon {
namespace {

constexpr std::uint32_t kLines = 20;
constexpr std::chrono::minutes kWindow{1};

}  // namespace

Complaints::Complaints(spdlog::level::level_enum level)
    : log_([level](const std::string& text) { spdlog::log(level, "{}", text); }) {}

void Complaints::about(uid_t user, const std::string& text, Clock::time_point now) {
  Count& count = counts_[user];
  if (count.told == 0 || now - count.since >= kWindow) {
    if (count.untold != 0) {
      log_("uid " + std::to_string(user) + ": " + std::to_string(count.untold) +
           " more of these were not logged");
    }
    count = {now};
  }
  if (count.told == kLines) {
    ++count.untold;
    return;
  }
  ++count.told;
  log_(text);
  if (count.told == kLines) {
    log_("uid " + std::to_string(user) + ": no more of these for a minute");
  }
}

}  // namespace busbar::daemon
