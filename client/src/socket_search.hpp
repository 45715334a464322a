#pragma once

#include <string>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/unique_fd.hpp"

namespace busbar {

struct FoundSocket {
  std::string path;
  UniqueFd socket;
};

/// Where to look, in this order.
std::vector<std::string> socket_candidates(const std::string& wanted);

/// Connects to `wanted`, else to $BUSBAR_SOCKET, else to $XDG_RUNTIME_DIR/busbar/control.sock, else
/// to /run/busbar/control.sock. Throws Errc::no_broker with every socket that was tried and why it
/// did not do. A broker that is there and accepts nobody is Errc::timed_out, not a reason to go on.
FoundSocket find_broker(const std::string& wanted, const Deadline& deadline);

}  // namespace busbar
