#include "daemon/supervisor_socket.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kLongestMessage = 4096;
constexpr std::size_t kMostDescriptors = 253;  // of one message: the kernel's limit

/// Its owner's alone, and gone with this.
class PrivateFolder {
 public:
  PrivateFolder() {
    // A broker needs this place anyway.
    if (::mkdtemp(path_.data()) == nullptr) {
      throw system_error("cannot make a folder in /dev/shm", errno);
    }
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    ::unlink(socket().c_str());
    ::rmdir(path_.c_str());
  }
  std::string socket() const { return path_ + "/notify"; }

 private:
  std::string path_ = "/dev/shm/busbard-XXXXXX";
};

UniqueFd make_socket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    throw system_error("cannot make a socket for the broker", errno);
  }
  return socket;
}

void take_control(const cmsghdr& header, SupervisorSocket::Message& message) {
  if (header.cmsg_level != SOL_SOCKET) return;
  if (header.cmsg_type == SCM_CREDENTIALS) {
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(&header), sizeof sender);
    message.sender = sender.pid;
  } else if (header.cmsg_type == SCM_RIGHTS) {
    const std::size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(&header) + i * sizeof fd, sizeof fd);
      message.descriptors.emplace_back(fd);
    }
  }
}

}  // namespace

SupervisorSocket::SupervisorSocket() : socket_(make_socket()) {
  const PrivateFolder folder;
  const std::string path = folder.socket();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw system_error("cannot bind " + path, errno);
  }
  place_ = UniqueFd(::open(path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  if (!place_) throw system_error(path, errno);
}

std::optional<SupervisorSocket::Message> SupervisorSocket::next() {
  std::array<char, kLongestMessage> bytes;
  iovec piece{bytes.data(), bytes.size()};
  alignas(cmsghdr)
      std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * kMostDescriptors)>
          room;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = room.data();
  header.msg_controllen = room.size();
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return std::nullopt;
  Message message;
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    take_control(*at, message);
  }
  if ((header.msg_flags & MSG_CTRUNC) != 0) {
    spdlog::error("a descriptor of the broker could not be taken; are too many open?");
  }
  message.lines.assign(bytes.data(), static_cast<std::size_t>(size));
  return message;
}

}  // namespace busbar::daemon
