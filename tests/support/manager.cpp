#include "tests/support/manager.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include "tests/support/process.hpp"

namespace busbar::test {

Manager::Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), self_(make_self()) {
  if (::bind(socket_.get(), self(), sizeof self_) != 0) throw std::runtime_error("bind");
}

std::optional<std::string> Manager::next() {
  pollfd entry{socket_.get(), POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1) {
    return std::nullopt;
  }
  std::array<char, 4096> bytes;
  const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  return std::string(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
}

std::string Manager::next_with(const std::string& text) {
  while (const auto message = next()) {
    if (message->find(text) != std::string::npos) return *message;
  }
  return "nothing with " + text;
}

bool Manager::is_full() const {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), self(), sizeof self_) != 0) throw std::runtime_error("connect");
  pollfd entry{probe.get(), POLLOUT, 0};
  return ::poll(&entry, 1, 0) == 0;
}

sockaddr_un Manager::make_self() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

}  // namespace busbar::test
