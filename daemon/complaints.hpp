#pragma once

#include <spdlog/common.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace busbar::daemon {

/// Log lines about what users do: some a minute of each user, then only their number, so that
/// nobody fills the log or hides in it. Main thread only.
class Complaints {
 public:
  using Clock = std::chrono::steady_clock;
  using Log = std::function<void(const std::string& text)>;

  explicit Complaints(spdlog::level::level_enum level = spdlog::level::warn);
  explicit Complaints(Log log) : log_(std::move(log)) {}

  void about(uid_t user, const std::string& text, Clock::time_point now = Clock::now());

 private:
  struct Count {
    Clock::time_point since = {};
    std::uint32_t told = 0;
    std::uint64_t untold = 0;
  };

  Log log_;
  std::map<uid_t, Count> counts_;
};

}  // namespace busbar::daemon
