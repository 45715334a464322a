#include "daemon/handed_over.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/names.hpp"

namespace busbar::daemon {
namespace {

Error refusal(const std::string& what) {
  return Error(Errc::invalid_argument,
               "socket activation: " + what +
                   "; the socket unit needs ListenSequentialPacket=/a/path and nothing else");
}

bool is_socket(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

/// A memfd or a file in /dev/shm, of which the kernel knows no difference.
bool is_memory(int fd) {
  struct stat status {};
  struct statfs system {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && ::fstatfs(fd, &system) == 0 &&
         (system.f_type == TMPFS_MAGIC || system.f_type == HUGETLBFS_MAGIC);
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

Endpoint endpoint_at(NamedDescriptor descriptor) {
  const int fd = descriptor.fd.get();
  if (::sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, nullptr, 0) <= 0) {
    throw refusal("descriptor " + std::to_string(fd) + " (" + quoted(descriptor.name) +
                  ") is no listening Unix socket of type SOCK_SEQPACKET");
  }
  Endpoint endpoint{path_of(fd), std::move(descriptor.fd)};
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) throw system_error("fcntl", errno);
  return endpoint;
}

}  // namespace

std::vector<NamedDescriptor> take_all_handed_over() {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  if (count < 0) throw refusal(std::string("LISTEN_FDS cannot be used: ") + std::strerror(-count));
  std::vector<NamedDescriptor> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    all.push_back({names[i], UniqueFd(SD_LISTEN_FDS_START + i)});
    std::free(names[i]);
  }
  std::free(names);
  return all;
}

HandedOver take_handed_over() {
  HandedOver result;
  for (NamedDescriptor& descriptor : take_all_handed_over()) {
    const int fd = descriptor.fd.get();
    if (is_socket(fd)) {
      if (result.socket) throw refusal("several sockets were handed over, not 1");
      result.socket = endpoint_at(std::move(descriptor));
    } else if (is_memory(fd)) {
      result.stored.push_back(std::move(descriptor));
    } else {
      spdlog::warn("descriptor {} ({}) was handed over and is closed: no socket and no memory", fd,
                   quoted(descriptor.name));
    }
  }
  return result;
}

}  // namespace busbar::daemon
