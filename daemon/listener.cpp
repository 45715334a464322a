#include "daemon/listener.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "common/base/unique_fd.hpp"
#include "daemon/control_socket.hpp"

namespace busbar::daemon {
namespace {

using std::chrono_literals::operator""s;

bool out_of_descriptors(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Listener::Listener(EventLoop& loop, int socket, Handler acceptable)
    : socket_(socket), retry_(loop, [this] { resume(); }) {
  watch_ =
      loop.watch(socket_, EPOLLIN, [handler = std::move(acceptable)](std::uint32_t) { handler(); });
}

std::optional<Arrival> Listener::accept() {
  // A client needs two descriptors; without the second its death could not be seen.
  UniqueFd second(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int error = second ? 0 : errno;
  Arrival arrival;
  if (second) {
    arrival.socket = UniqueFd(::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    error = arrival.socket ? 0 : errno;
  }
  if (out_of_descriptors(error)) starve();
  if (!arrival.socket) return std::nullopt;
  starving_ = false;
  second.reset();
  refuse_descriptors(arrival.socket.get());
  arrival.peer = peer_of(arrival.socket.get());
  return arrival;
}

void Listener::starve() {
  if (!std::exchange(starving_, true)) {
    spdlog::warn("no descriptors left: new clients wait until one is freed");
  }
  pause();
  // The shortage may be the whole system's: then nothing that ends here would tell of its end.
  retry_.once(1s);
}

void Listener::pause() {
  if (!std::exchange(paused_, true)) watch_.change(0);
}

void Listener::resume() {
  if (std::exchange(paused_, false)) watch_.change(EPOLLIN);
}

}  // namespace busbar::daemon
