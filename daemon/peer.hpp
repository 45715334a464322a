#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

/// Who is at the other end of a control socket, by the kernel's word at the time of connect.
struct Peer {
  pid_t pid = 0;  // 0: in a PID namespace that cannot be seen from here
  uid_t uid = 0;
  std::vector<std::uint32_t> groups = {};  // sorted; of very many the lowest 1024
  UniqueFd pidfd = {};                     // none: the kernel has none to give
  bool dead = false;                       // it was gone before it could be looked at
};

/// Throws Errc::system.
Peer peer_of(int socket);

}  // namespace busbar::daemon
