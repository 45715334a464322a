#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

/// Where a supervised broker says how it goes and gives descriptors away: the other end of a
/// NotifySocket. It has a place in the file system for the blink of an eye only: who inherits
/// place() reaches it as /proc/self/fd/N, nobody else does, and nothing is left behind.
class SupervisorSocket {
 public:
  struct Message {
    pid_t sender = -1;
    std::string lines = {};
    std::vector<UniqueFd> descriptors = {};
  };

  /// Throws Errc::system.
  SupervisorSocket();

  int fd() const noexcept { return socket_.get(); }
  int place() const noexcept { return place_.get(); }

  /// What has come, or nothing. Never waits.
  std::optional<Message> next();

 private:
  UniqueFd socket_;
  UniqueFd place_;
};

}  // namespace busbar::daemon
