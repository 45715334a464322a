#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"
#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"

// Whatever is sent is received whole, or as too long; descriptors arrive where they are wanted, and
// none stays behind.

namespace {

using namespace busbar::control;
using busbar::UniqueFd;

constexpr std::size_t kMostSent = 6;

/// Reads an input piece by piece.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  unsigned byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::string text(std::size_t most) {
    const std::string text(bytes_.substr(0, most));
    bytes_.remove_prefix(text.size());
    return text;
  }

 private:
  std::string_view bytes_;
};

int lowest_free_descriptor() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get();
}

/// Whatever a process may send, the library's own rules apart.
bool send_raw(int socket, const std::string& packet, std::size_t descriptors, int descriptor) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostSent * sizeof(int))> room{};
  iovec piece{const_cast<char*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (descriptors != 0) {
    message.msg_control = room.data();
    message.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
    const std::vector<int> list(descriptors, descriptor);
    std::memcpy(CMSG_DATA(header), list.data(), descriptors * sizeof(int));
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

void check(const Received& received, const std::string& sent, std::size_t descriptors,
           bool accepted) {
  const bool fits = sent.size() <= kLargestPacket;
  if (received.kind != (fits ? Received::Kind::packet : Received::Kind::too_long)) std::abort();
  if (received.packet != sent.substr(0, kLargestPacket)) std::abort();
  const std::size_t most = accepted ? std::min<std::size_t>(descriptors, 2) : 0;
  if (received.descriptors.size() != most) std::abort();
  for (const UniqueFd& descriptor : received.descriptors) {
    if ((::fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC) == 0) std::abort();
  }
}

void decode(const std::string& packet) {
  std::uint64_t id = 0;
  try {
    decode_request(packet, id);
  } catch (const busbar::Error& error) {
    if (error.errc() != busbar::Errc::protocol) std::abort();
  }
}

void exchange(Input& input) {
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  UniqueFd sender(ends[0]);
  const UniqueFd receiver(ends[1]);
  while (!input.empty()) {
    const unsigned flags = input.byte();
    const std::size_t descriptors = std::min<std::size_t>(flags & 7, kMostSent);
    const bool accepts = (flags & 8) != 0;
    std::string packet = input.text(input.byte());
    if ((flags & 16) != 0) packet.append(input.byte() << 9, ' ');  // up to twice the limit
    if (!send_raw(sender.get(), packet, descriptors, receiver.get())) continue;
    const Received received = receive_packet(receiver.get(), accepts);
    if (packet.empty()) {  // looks like the end of the connection, and is taken for it
      if (received.kind != Received::Kind::gone) std::abort();
      return;
    }
    check(received, packet, descriptors, accepts);
    decode(received.packet);
    if (receive_packet(receiver.get(), accepts).kind != Received::Kind::would_block) std::abort();
  }
  sender.reset();
  if (receive_packet(receiver.get(), true).kind != Received::Kind::gone) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int before = lowest_free_descriptor();
  Input input(std::string_view(reinterpret_cast<const char*>(data), size));
  exchange(input);
  if (lowest_free_descriptor() != before) std::abort();
  return 0;
}
