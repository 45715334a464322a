#pragma once

#include <string>

#include "common/base/unique_fd.hpp"
#include "daemon/endpoint.hpp"
#include "daemon/socket_path.hpp"

namespace busbar::daemon {

/// The listening socket. One that was bound here is unlinked by the destructor, one that was handed
/// over is left as it was found. Only for who holds the path's SocketLock: it takes over what a
/// dead broker has left there.
class ControlSocket {
 public:
  /// With these rights it is bound, unless it was handed over. Throws Errc::in_use (somebody
  /// without our lock listens there) or Errc::system.
  ControlSocket(Endpoint endpoint, const SocketRights& rights);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  int fd() const noexcept { return socket_.get(); }

 private:
  std::string path_;  // empty: somebody else's
  UniqueFd socket_;
};

/// Descriptors that somebody sends here are never installed: closing them could block for seconds.
void refuse_descriptors(int socket) noexcept;

}  // namespace busbar::daemon
