#include "daemon/listener.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "common/base/unique_fd.hpp"
#include "daemon/control_socket.hpp"

namespace busbar::daemon {
namespace {

using std::chrono_literals::operator""s;

bool out_of_descriptors(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// Nobody waits any more, or the next turn will see it.
bool is_passing(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK || error == ECONNABORTED || error == EINTR;
}

}  // namespace

Listener::Listener(EventLoop& loop, int socket, Handler acceptable)
    : socket_(socket), retry_(loop, [this] { resume(); }) {
  watch_ =
      loop.watch(socket_, EPOLLIN, [handler = std::move(acceptable)](std::uint32_t) { handler(); });
}

std::optional<Arrival> Listener::accept() {
  // A client needs two descriptors; without the second its death could not be seen.
  UniqueFd second(::eventfd(0, EFD_CLOEXEC));
  int error = second ? 0 : errno;
  Arrival arrival;
  if (second) {
    arrival.socket = UniqueFd(::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    error = arrival.socket ? 0 : errno;
  }
  if (error != 0) {
    if (!is_passing(error)) wait_after(error);
    return std::nullopt;
  }
  failing_ = false;
  second.reset();
  refuse_descriptors(arrival.socket.get());
  arrival.peer = peer_of(arrival.socket.get());
  return arrival;
}

void Listener::wait_after(int error) {
  if (!std::exchange(failing_, true)) {
    if (out_of_descriptors(error)) {
      spdlog::warn("no descriptors left: new clients wait until one is freed");
    } else {
      spdlog::error("no client can be let in: {}; tried again every second",
                    std::generic_category().message(error));
    }
  }
  pause();
  // The shortage may be the whole system's: then nothing that ends here would tell of its end.
  retry_.once(1s);
}

void Listener::pause() {
  // By edges: hang-ups cannot be masked, and are then told once.
  if (!std::exchange(paused_, true)) watch_.change(EPOLLET);
}

void Listener::resume() {
  if (std::exchange(paused_, false)) watch_.change(EPOLLIN);
}

}  // namespace busbar::daemon
