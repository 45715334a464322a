#pragma once

#include <string>

namespace busbar::daemon {

/// Where to listen: `given` if it is not empty, else $BUSBAR_SOCKET, else
/// $XDG_RUNTIME_DIR/busbar/control.sock if that folder can be written, else
/// /run/busbar/control.sock. Creates the last folder of the path if it is missing. Throws
/// Errc::invalid_argument (a path that no socket can have) or Errc::system.
std::string prepare_socket_path(const std::string& given);

}  // namespace busbar::daemon
