#include "tests/support/fake_broker.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstdint>
#include <utility>

#include "common/control/codec.hpp"
#include "common/control/packet_socket.hpp"
#include "tests/support/listening_socket.hpp"

namespace busbar::test {

using control::Received;

FakeBroker::FakeBroker(const std::string& path, Play play)
    : path_(path),
      play_(std::move(play)),
      listener_(listening_socket(path)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { serve(); }) {}

FakeBroker::~FakeBroker() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(stop_.get(), &one, sizeof one));
  thread_.join();
}

void FakeBroker::serve() {
  for (bool alive = true; alive;) {
    std::vector<pollfd> entries{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const UniqueFd& each : connections_) entries.push_back({each.get(), POLLIN, 0});
    ::poll(entries.data(), entries.size(), -1);
    if (entries[0].revents != 0) break;
    if (entries[1].revents != 0) {
      connections_.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    for (std::size_t i = 2; i < entries.size() && alive; ++i) {
      if (entries[i].revents != 0) alive = take_packet(entries[i].fd);
    }
  }
  end();
}

/// False: it has died of it.
bool FakeBroker::take_packet(int socket) {
  const Received received = control::receive_packet(socket, false);
  if (received.kind != Received::Kind::packet) {
    std::erase_if(connections_, [socket](const UniqueFd& each) { return each.get() == socket; });
    return true;
  }
  std::uint64_t id = 0;
  const control::Request request = control::decode_request(received.packet, id);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const Act act = play_(request);
  if (act.kind == Act::Kind::reply) {
    control::send_packet(socket, control::encode(control::Reply{request.id, act.body}));
  }
  return act.kind != Act::Kind::die;
}

void FakeBroker::end() noexcept {
  ::unlink(path_.c_str());
  listener_.reset();
  connections_.clear();
}

std::vector<control::Request> FakeBroker::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<control::Hello> FakeBroker::hellos() const {
  std::vector<control::Hello> hellos;
  for (const control::Request& request : requests()) {
    if (const auto* hello = std::get_if<control::Hello>(&request.body)) hellos.push_back(*hello);
  }
  return hellos;
}

}  // namespace busbar::test
