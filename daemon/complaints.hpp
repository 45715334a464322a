#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace busbar::daemon {

/// Log lines about what users did wrong: some a minute of each user, then only their number, so
/// that nobody fills the log or hides in it. Main thread only.
class Complaints {
 public:
  using Clock = std::chrono::steady_clock;
  using Log = void (*)(const std::string& text);

  explicit Complaints(Log log = warn) : log_(log) {}

  void about(uid_t user, const std::string& text, Clock::time_point now = Clock::now());

 private:
  struct Count {
    Clock::time_point since = {};
    std::uint32_t told = 0;
    std::uint64_t untold = 0;
  };

  static void warn(const std::string& text);

  Log log_;
  std::map<uid_t, Count> counts_;
};

}  // namespace busbar::daemon
