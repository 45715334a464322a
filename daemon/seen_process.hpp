#pragma once

#include <cstdint>

#include "common/base/unique_fd.hpp"
#include "daemon/peer.hpp"

namespace busbar::daemon {

/// A client's process as the broker sees it: enough to find it again.
struct SeenProcess {
  std::uint64_t pid = 0;         // 0: it does not
  std::uint64_t start_time = 0;  // 0: unknown
};

/// The process of who has just connected.
SeenProcess seen_process(const Peer& peer);

/// Whether a process that was seen by an earlier broker of this PID namespace still runs.
struct Found {
  enum class State { alive, dead, unknown } state = State::unknown;
  UniqueFd pidfd = {};  // of one that is alive
};
/// Throws Errc::system for want of descriptors or memory.
Found find_process(const SeenProcess& process);

}  // namespace busbar::daemon
