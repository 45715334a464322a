#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace busbar::daemon {

/// Who may use the socket.
struct SocketRights {
  mode_t mode = 0600;
  std::optional<gid_t> group = {};  // nothing: the process's own
};

/// Where to listen: `given` if it is not empty, else $BUSBAR_SOCKET, else
/// $XDG_RUNTIME_DIR/busbar/control.sock if that folder can be written, else
/// /run/busbar/control.sock. Creates the last folder of the path if it is missing, so that
/// whoever may use the socket may pass it, and warns if they may not pass an existing one. Throws
/// Errc::invalid_argument (a path that no socket can have, a folder where others could replace it)
/// or Errc::system.
std::string prepare_socket_path(const std::string& given, const SocketRights& rights);

}  // namespace busbar::daemon
