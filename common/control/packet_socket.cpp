#include "common/control/packet_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>

#include "common/base/error.hpp"
#include "common/control/messages.hpp"

namespace busbar::control {
namespace {

constexpr std::size_t kMostDescriptors = 2;

/// Repeats a system call that a signal has interrupted.
template <class Call>
auto resumed(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

bool is_gone(int error) noexcept {
  return error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ECONNREFUSED;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    throw Error(Errc::system, "socket path of " + std::to_string(path.size()) +
                                  " bytes is too long: 1 to " +
                                  std::to_string(sizeof address.sun_path - 1) +
                                  " are possible; choose a shorter directory");
  }
  path.copy(address.sun_path, path.size());
  return address;
}

// Zero would mean for ever.
constexpr std::chrono::milliseconds kShortestPatience{1};

timeval as_timeval(std::chrono::nanoseconds span) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  return {static_cast<time_t>(micros / 1'000'000), static_cast<suseconds_t>(micros % 1'000'000)};
}

/// Room for descriptors of one packet, aligned as the kernel wants it.
struct alignas(cmsghdr) ControlRoom {
  std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> bytes{};
};

void attach(msghdr& message, ControlRoom& room, std::span<const int> descriptors) {
  message.msg_control = room.bytes.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

std::vector<UniqueFd> take_descriptors(msghdr& message) {
  std::vector<UniqueFd> taken;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    std::array<int, kMostDescriptors> numbers{};
    const std::size_t count =
        std::min((at->cmsg_len - CMSG_LEN(0)) / sizeof(int), kMostDescriptors);
    std::memcpy(numbers.data(), CMSG_DATA(at), count * sizeof(int));
    for (std::size_t i = 0; i < count; ++i) taken.emplace_back(numbers[i]);
  }
  return taken;
}

Received nothing_received(ssize_t result, int error) {
  Received received;
  if (result < 0 && (error == EAGAIN || error == EWOULDBLOCK)) {
    received.kind = Received::Kind::would_block;
  } else if (result < 0 && !is_gone(error)) {
    throw system_error("recvmsg on the control socket", error);
  }
  return received;
}

bool wait_for(int socket, short events, const Deadline& deadline) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongest{std::numeric_limits<int>::max()};
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline.left(kLongest));
    pollfd entry{socket, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throw system_error("poll on the control socket", errno);
    if (deadline.passed()) return false;
  }
}

}  // namespace

UniqueFd connect_now(const std::string& path) {
  const sockaddr_un address = address_of(path);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return socket;
  const int result = resumed([&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  return result == 0 ? std::move(socket) : UniqueFd();
}

UniqueFd connect_to(const std::string& path, const Deadline& deadline) {
  const sockaddr_un address = address_of(path);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) throw system_error("socket", errno);
  // A blocking connect waits for room in the backlog as long as a send may wait.
  const auto patience = deadline.left(std::chrono::hours(1));
  const auto limit = as_timeval(std::max<std::chrono::nanoseconds>(patience, kShortestPatience));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int result = resumed([&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  if (result < 0 && errno == EAGAIN) {
    throw Error(Errc::timed_out, "the broker on " + path + " accepts nobody; is it stopped?");
  }
  if (result < 0 && errno == EACCES) throw Error(Errc::refused, path + ": permission denied");
  if (result < 0) throw system_error(path, errno);
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  return socket;
}

SendResult send_packet(int socket, std::string_view packet, std::span<const int> descriptors) {
  if (descriptors.size() > kMostDescriptors || packet.empty()) {
    throw Error(Errc::misuse, "a packet has 1 byte or more and 2 descriptors at most");
  }
  iovec piece{const_cast<char*>(packet.data()), packet.size()};
  ControlRoom room;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) attach(message, room, descriptors);
  const auto sent =
      resumed([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
  if (sent >= 0) return SendResult::sent;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return SendResult::would_block;
  if (is_gone(errno)) return SendResult::gone;
  throw system_error("sendmsg on the control socket", errno);
}

Received receive_packet(int socket, bool accept_descriptors) {
  // The length first: a fixed buffer of the largest packet would cost every caller 64 KiB.
  const auto size =
      resumed([&] { return ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT); });
  if (size <= 0) return nothing_received(size, errno);

  Received received;
  received.packet.resize(std::min(static_cast<std::size_t>(size), kLargestPacket));
  iovec piece{received.packet.data(), received.packet.size()};
  ControlRoom room;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (accept_descriptors) {
    message.msg_control = room.bytes.data();
    message.msg_controllen = room.bytes.size();
  }
  const auto got =
      resumed([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); });
  if (got <= 0) return nothing_received(got, errno);

  received.descriptors = take_descriptors(message);
  received.packet.resize(static_cast<std::size_t>(got));
  const bool whole = (message.msg_flags & MSG_TRUNC) == 0;
  received.kind = whole ? Received::Kind::packet : Received::Kind::too_long;
  return received;
}

bool wait_readable(int socket, const Deadline& deadline) {
  return wait_for(socket, POLLIN, deadline);
}

bool wait_writable(int socket, const Deadline& deadline) {
  return wait_for(socket, POLLOUT, deadline);
}

}  // namespace busbar::control
