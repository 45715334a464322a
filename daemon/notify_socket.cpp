#include "daemon/notify_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace busbar::daemon {
namespace {

using std::chrono_literals::operator""ms;

// Far more than ever waits: a service manager that hangs costs no more than this, beside what it
// has to hear.
constexpr std::size_t kMostThatMayBeLost = 64;
// Without any progress.
constexpr std::chrono::seconds kPatienceAtTheEnd{1};
constexpr int kLookAgainMs = 100;

/// Beside a full queue: too many descriptors on their way, no memory. No event tells when it ends.
bool is_shortage(int error) {
  return error == ETOOMANYREFS || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

NotifySocket::NotifySocket(EventLoop& loop, std::string address)
    : loop_(loop), address_(std::move(address)) {
  const bool is_known = address_.starts_with('/') || address_.starts_with('@');
  if (address_.empty() || (is_known && address_.size() < sizeof(sockaddr_un::sun_path))) return;
  spdlog::warn("NOTIFY_SOCKET={} is no path: the service manager is told nothing", address_);
  address_.clear();
}

NotifySocket::~NotifySocket() {
  using Clock = std::chrono::steady_clock;
  auto until = Clock::now() + kPatienceAtTheEnd;
  while (!unsent_.empty() && Clock::now() < until) {
    const std::size_t before = unsent_.size();
    pollfd entry{socket_.get(), POLLOUT, 0};
    ::poll(&entry, 1, kLookAgainMs);
    flush();
    if (unsent_.size() < before) until = Clock::now() + kPatienceAtTheEnd;
  }
  if (unsent_.empty()) return;
  spdlog::warn("the service manager does not listen: {} messages for it are lost", unsent_.size());
}

void NotifySocket::send(std::string lines) {
  if (address_.empty()) return;
  if (may_be_lost_ == kMostThatMayBeLost) return;
  if (!unsent_.empty() && unsent_.back().lines == lines) return;
  unsent_.push_back({std::move(lines), UniqueFd(), false});
  ++may_be_lost_;
  if (!watch_) flush();
}

void NotifySocket::send_surely(std::string lines, int fd) {
  if (address_.empty()) return;
  if (unsent_.empty() && connect() && try_send(lines, fd) == 0) return;
  UniqueFd copy(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (fd >= 0 && !copy) {
    return spdlog::error("the service manager cannot be given a descriptor: {}",
                         std::strerror(errno));
  }
  unsent_.push_back({std::move(lines), std::move(copy), true});
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

int NotifySocket::try_send(const std::string& lines, int fd) {
  iovec bytes{const_cast<char*>(lines.data()), lines.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  while (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

void NotifySocket::flush() {
  watch_.reset();
  while (!unsent_.empty()) {
    const Unsent& next = unsent_.front();
    if (!connect()) return give_up(errno);
    if (const int error = try_send(next.lines, next.fd.get()); error != 0) {
      return error == EAGAIN || is_shortage(error) ? wait_for_room(error) : give_up(error);
    }
    if (!next.surely) --may_be_lost_;
    unsent_.pop_front();
  }
}

void NotifySocket::wait_for_room(int error) {
  if (error == EAGAIN) {
    watch_ = loop_.watch(socket_.get(), EPOLLOUT, [this](std::uint32_t) { flush(); });
    return;
  }
  if (!retry_) retry_.emplace(loop_, [this] { flush(); });
  retry_->once(100ms);
}

void NotifySocket::give_up(int error) {
  unsent_.clear();
  may_be_lost_ = 0;
  socket_.reset();  // perhaps another one listens there next time
  if (std::exchange(failed_, true)) return;
  spdlog::warn("the service manager cannot be told how it goes: {}: {}", address_,
               std::strerror(error));
}

std::string notify_address() {
  const char* address = std::getenv("NOTIFY_SOCKET");
  return address == nullptr ? std::string() : std::string(address);
}

}  // namespace busbar::daemon
