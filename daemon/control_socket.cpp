#include "daemon/control_socket.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

#ifndef SO_PASSRIGHTS
constexpr int SO_PASSRIGHTS = 83;
#endif
constexpr int kBacklog = 256;

UniqueFd make_socket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_error("socket", errno);
  return socket;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

bool connects(const std::string& path) {
  const UniqueFd probe = make_socket();
  const sockaddr_un address = address_of(path);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  // Anything else, also a refused permission, is no proof that nobody listens.
  return ::connect(probe.get(), generic, sizeof address) == 0 || errno != ECONNREFUSED;
}

/// Makes room for bind: unlinks the socket of a dead broker, and nothing else.
void take_over(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) {
    throw Error(Errc::in_use, path + " exists and is no socket; remove it or give another path");
  }
  if (connects(path)) {
    throw Error(Errc::in_use, "control socket " + path +
                                  " seems to be in use by another program; stop it, remove the "
                                  "socket or give another path");
  }
  if (::unlink(path.c_str()) != 0) throw system_error("cannot remove stale " + path, errno);
  spdlog::info("control socket {} of a dead broker taken over", path);
}

/// What bind makes has the descriptor's mode: set there, it needs no chmod of a path in whose place
/// somebody may meanwhile have put something else.
void bind_with_mode(int socket, const std::string& path, mode_t mode) {
  if (::fchmod(socket, mode) != 0) throw system_error("cannot set the mode of " + path, errno);
  const sockaddr_un address = address_of(path);
  const mode_t before = ::umask(0);
  const int result = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(before);
  if (result != 0) throw system_error("cannot bind " + path, error);
}

/// Before anybody can connect, who would be judged by another group.
void give_to_group(const std::string& path, const SocketRights& rights) {
  if (rights.group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *rights.group) != 0) {
    const Error why = system_error("cannot give control socket " + path + " to the group " +
                                       std::to_string(*rights.group) + " (bus.socket_group)",
                                   errno);
    throw Error(why.errc(),
                std::string(why.what()) + "; busbard has to be a member of that group, or root");
  }
}

UniqueFd listen_at(const std::string& path, const SocketRights& rights) {
  UniqueFd socket = make_socket();
  take_over(path);
  bind_with_mode(socket.get(), path, rights.mode);
  try {
    give_to_group(path, rights);
    if (::listen(socket.get(), kBacklog) != 0)
      throw system_error("cannot listen on " + path, errno);
  } catch (const Error&) {
    ::unlink(path.c_str());
    throw;
  }
  return socket;
}

}  // namespace

ControlSocket::ControlSocket(Endpoint endpoint, const SocketRights& rights) {
  if (endpoint.handed_over) {
    socket_ = std::move(endpoint.handed_over);
  } else {
    socket_ = listen_at(endpoint.path, rights);
    path_ = std::move(endpoint.path);
  }
  refuse_descriptors(socket_.get());
}

ControlSocket::~ControlSocket() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void refuse_descriptors(int socket) noexcept {
  const int off = 0;
  ::setsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);  // not on older kernels
}

}  // namespace busbar::daemon
