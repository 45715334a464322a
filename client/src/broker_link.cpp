#include "client/src/broker_link.hpp"

#include <utility>

#include "client/src/broker_gone.hpp"
#include "common/base/error.hpp"

namespace busbar {
namespace {

// More are found by the broker when somebody wants the places.
constexpr std::size_t kMostKept = 256;

}  // namespace

using control::Received;
using control::SendResult;

void BrokerLink::throw_gone() const {
  throw BrokerGone{"the broker on " + path_ + " has gone or has ended this connection"};
}

void BrokerLink::greet(UniqueFd socket, const std::string& hello, const Deadline& deadline) {
  {
    const std::lock_guard lock(replacing_);
    socket_ = std::move(socket);
  }
  send(hello, deadline);
  state_.store(State::greeting, std::memory_order_release);
}

void BrokerLink::set_ready(std::uint32_t life) noexcept {
  const std::lock_guard lock(replacing_);
  if (std::exchange(life_, life) != life) kept_.clear();
  state_.store(State::ready, std::memory_order_release);
  try {
    for (const std::string& packet : kept_) control::send_packet(socket_.get(), packet);
  } catch (...) {
    // As in notice().
  }
  kept_.clear();
}

void BrokerLink::drop() noexcept {
  state_.store(State::away, std::memory_order_release);
  const std::lock_guard lock(replacing_);
  socket_.reset();
}

void BrokerLink::send(const std::string& packet, const Deadline& deadline) {
  for (;;) {
    switch (control::send_packet(socket_.get(), packet)) {
      case SendResult::sent:
        return;
      case SendResult::gone:
        throw_gone();
      case SendResult::would_block:
        break;
    }
    if (!control::wait_writable(socket_.get(), deadline)) {
      throw Error(Errc::timed_out, "the broker on " + path_ + " takes no requests; is it stopped?");
    }
  }
}

std::optional<Received> BrokerLink::receive_now() {
  Received received = control::receive_packet(socket_.get(), true);
  switch (received.kind) {
    case Received::Kind::packet:
      return received;
    case Received::Kind::gone:
      throw_gone();
    case Received::Kind::too_long:
      throw Error(Errc::protocol, "the broker's reply is longer than a packet may be");
    case Received::Kind::would_block:
      break;
  }
  return std::nullopt;
}

Received BrokerLink::receive(const Deadline& deadline) {
  for (;;) {
    if (auto received = receive_now()) return std::move(*received);
    if (!control::wait_readable(socket_.get(), deadline)) {
      throw Error(Errc::timed_out,
                  "the broker on " + path_ + " did not answer in time; is it stopped?");
    }
  }
}

void BrokerLink::notice(const std::string& packet, bool keep, std::uint32_t life) noexcept {
  try {
    const std::lock_guard lock(replacing_);
    if (life != life_) return;
    const bool gone =
        state() != State::ready || control::send_packet(socket_.get(), packet) == SendResult::gone;
    if (gone && keep && kept_.size() < kMostKept) kept_.push_back(packet);
  } catch (...) {
    // A notice may get lost.
  }
}

}  // namespace busbar
