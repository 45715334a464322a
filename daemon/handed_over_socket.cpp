#include "daemon/handed_over_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

Error refusal(const std::string& what) {
  return Error(Errc::invalid_argument,
               "socket activation: " + what +
                   "; the socket unit needs ListenSequentialPacket=/a/path and nothing else");
}

std::string path_of(int socket) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw system_error("getsockname", errno);
  }
  const std::size_t start = offsetof(sockaddr_un, sun_path);
  if (size <= start || address.sun_path[0] == '\0') {
    throw refusal("the socket has no path, so nothing says who may use it");
  }
  return {address.sun_path, ::strnlen(address.sun_path, size - start)};
}

}  // namespace

std::optional<Endpoint> handed_over_socket() {
  const int count = ::sd_listen_fds(1);
  if (count < 0) throw refusal(std::string("LISTEN_FDS cannot be used: ") + std::strerror(-count));
  if (count == 0) return std::nullopt;
  if (count > 1) throw refusal(std::to_string(count) + " descriptors were handed over, not 1");
  const int fd = SD_LISTEN_FDS_START;
  if (::sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, nullptr, 0) <= 0) {
    throw refusal("descriptor 3 is no listening Unix socket of type SOCK_SEQPACKET");
  }
  Endpoint endpoint{path_of(fd), UniqueFd(fd)};
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) throw system_error("fcntl", errno);
  return endpoint;
}

}  // namespace busbar::daemon
