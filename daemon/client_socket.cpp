#include "daemon/client_socket.hpp"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {

ClientSocket::ClientSocket(EventLoop& loop, UniqueFd socket, Callbacks callbacks)
    : socket_(std::move(socket)), callbacks_(std::move(callbacks)) {
  watch_ = loop.watch(socket_.get(), EPOLLIN, [this](std::uint32_t events) { on_events(events); });
}

ClientSocket::~ClientSocket() {
  take_back();
}

void ClientSocket::send(Answer answer) {
  unsent_ = std::move(answer);
  flush();
}

void ClientSocket::on_events(std::uint32_t events) {
  if (state_ == State::reading) return receive();  // sees the last packets, then the end
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return gone();
  if (state_ == State::sending) return flush();
  if (state_ == State::unread && all_read()) enter(State::reading);
}

void ClientSocket::receive() {
  control::Received received;
  try {
    received = control::receive_packet(socket_.get(), false);
  } catch (const Error&) {
    // Whatever the kernel says here ends this client, not the broker.
  }
  if (received.kind == control::Received::Kind::would_block) return;
  if (received.kind == control::Received::Kind::gone) return gone();
  const auto callback = callbacks_.received;  // it may destroy this object
  callback(std::move(received));
}

void ClientSocket::gone() {
  const auto callback = callbacks_.gone;
  callback();
}

void ClientSocket::flush() {
  const control::SendResult result = try_send();
  if (result == control::SendResult::would_block) return enter(State::sending);
  // The hang-up that follows ends the session, in the loop and not in the middle of a request.
  if (result == control::SendResult::gone) return enter(State::holding);
  const bool descriptors = unsent_->grant.has_value();
  unsent_.reset();
  enter(descriptors ? State::unread : State::reading);
  // It may have been read before the edge could be seen.
  if (descriptors && all_read()) enter(State::reading);
}

control::SendResult ClientSocket::try_send() {
  try {
    if (!unsent_->grant) return control::send_packet(socket_.get(), unsent_->packet);
    const ChannelMemory& memory = *unsent_->grant->memory;
    const std::array<int, 2> descriptors{memory.ring_fd(unsent_->grant->holding.place.role),
                                         memory.seats_fd()};
    return control::send_packet(socket_.get(), unsent_->packet, descriptors);
  } catch (const Error&) {
    // Too many descriptors in flight, or no memory: the client finds its connection shut, and what
    // was granted is taken back.
    ::shutdown(socket_.get(), SHUT_RDWR);
    return control::SendResult::gone;
  }
}

bool ClientSocket::all_read() const {
  int bytes = 0;
  // 1 is nothing too: the kernel takes the last byte of a packet's account away only after it has
  // reported the room, and a packet is never one byte. Waiting for 0 would miss that one report.
  return ::ioctl(socket_.get(), SIOCOUTQ, &bytes) != 0 || bytes <= 1;
}

ClientSocket::Wait ClientSocket::waits_for() const noexcept {
  if (state_ == State::sending) return Wait::room;
  return state_ == State::unread ? Wait::reading : Wait::none;
}

void ClientSocket::take_back() {
  if (unsent_ && unsent_->grant) callbacks_.undelivered(unsent_->grant->holding);
  unsent_.reset();
}

void ClientSocket::enter(State state) {
  if (state == state_) return;
  const Wait before = waits_for();
  state_ = state;
  if (waits_for() != before) callbacks_.waits(waits_for());
  switch (state) {
    case State::reading:
      return watch_.change(EPOLLIN);
    case State::holding:
      return watch_.change(0);
    case State::sending:
      return watch_.change(EPOLLOUT);
    case State::unread:
      // Level-triggered it would report room in the buffer for ever.
      return watch_.change(EPOLLOUT | EPOLLET);
  }
}

}  // namespace busbar::daemon
