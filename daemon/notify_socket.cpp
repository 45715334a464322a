#include "daemon/notify_socket.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace busbar::daemon {
namespace {

// Far more than ever waits: a service manager that hangs costs no more than this.
constexpr std::size_t kMostUnsent = 64;

}  // namespace

NotifySocket::NotifySocket(EventLoop& loop, std::string address)
    : loop_(loop), address_(std::move(address)) {
  const bool is_known = address_.starts_with('/') || address_.starts_with('@');
  if (address_.empty() || (is_known && address_.size() < sizeof(sockaddr_un::sun_path))) return;
  spdlog::warn("NOTIFY_SOCKET={} is no path: the service manager is told nothing", address_);
  address_.clear();
}

void NotifySocket::send(std::string lines) {
  if (address_.empty()) return;
  if (unsent_.size() == kMostUnsent || (!unsent_.empty() && unsent_.back() == lines)) return;
  unsent_.push_back(std::move(lines));
  if (!watch_) flush();
}

bool NotifySocket::connect() {
  if (socket_) return true;
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  address_.copy(address.sun_path, sizeof address.sun_path - 1);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), generic, size) != 0) return false;
  socket_ = std::move(socket);
  return true;
}

void NotifySocket::flush() {
  watch_.reset();
  while (!unsent_.empty()) {
    const std::string& next = unsent_.front();
    if (!connect()) return give_up(errno);
    if (::send(socket_.get(), next.data(), next.size(), MSG_NOSIGNAL) < 0) {
      if (errno != EAGAIN && errno != EINTR) return give_up(errno);
      watch_ = loop_.watch(socket_.get(), EPOLLOUT, [this](std::uint32_t) { flush(); });
      return;
    }
    unsent_.pop_front();
  }
}

void NotifySocket::give_up(int error) {
  unsent_.clear();
  socket_.reset();  // perhaps another one listens there next time
  if (std::exchange(failed_, true)) return;
  spdlog::warn("the service manager cannot be told how it goes: {}: {}", address_,
               std::strerror(error));
}

}  // namespace busbar::daemon
