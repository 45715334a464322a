#pragma once

#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar {

struct FoundSocket {
  std::string path;
  UniqueFd socket;
};

/// Connects to `wanted`, else to $BUSBAR_SOCKET, else to $XDG_RUNTIME_DIR/busbar/control.sock, else
/// to /run/busbar/control.sock. Throws Errc::no_broker with every socket that was tried and why it
/// did not do.
FoundSocket find_broker(const std::string& wanted);

}  // namespace busbar
