#pragma once

#include <string>

namespace busbar::config {

/// Clients of every user look for the control socket here.
inline constexpr const char* kSystemSocket = "/run/busbar/control.sock";

/// Where a broker listens that was told nothing: $BUSBAR_SOCKET, else
/// $XDG_RUNTIME_DIR/busbar/control.sock if that folder can be written, else kSystemSocket.
std::string default_socket();

}  // namespace busbar::config
