#pragma once

#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/deadline.hpp"
#include "common/base/unique_fd.hpp"

// One SOCK_SEQPACKET Unix socket: one packet, one JSON object, and descriptors from broker to
// client.

namespace busbar::control {

/// Bytes that a path of a Unix domain socket can have, and one more.
inline constexpr std::size_t kSocketPathRoom = sizeof(sockaddr_un::sun_path);

/// A connected, close-on-exec, non-blocking socket. Waits until the deadline while the listener's
/// backlog is full, then throws Errc::timed_out; Errc::refused without permission; Errc::system
/// (PATH and errno's words) if nobody listens.
UniqueFd connect_to(const std::string& path, const Deadline& deadline);

/// The same, without waiting: none if nobody listens there, or takes nobody at this moment.
UniqueFd connect_now(const std::string& path);

enum class SendResult { sent, would_block, gone };
/// Sends one packet with at most 2 descriptors. Never blocks, never raises SIGPIPE.
SendResult send_packet(int socket, std::string_view packet, std::span<const int> descriptors = {});

struct Received {
  enum class Kind { packet, would_block, gone, too_long };
  Kind kind = Kind::gone;
  std::string packet;
  std::vector<UniqueFd> descriptors;  // only if they were asked for; others are never installed
};
/// Receives one packet without blocking. Descriptors are accepted (close-on-exec) only if
/// `accept_descriptors`.
Received receive_packet(int socket, bool accept_descriptors);

/// Waits until the socket can be read (or has hung up); false once the deadline has passed.
bool wait_readable(int socket, const Deadline& deadline);
bool wait_writable(int socket, const Deadline& deadline);

}  // namespace busbar::control
