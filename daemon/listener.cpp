#include "daemon/listener.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

#ifndef SO_PASSRIGHTS
constexpr int SO_PASSRIGHTS = 83;
#endif
constexpr int kBacklog = 256;

UniqueFd make_socket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_error("socket", errno);
  return socket;
}

/// Clients have no descriptors to give, and closing what they send can block for seconds.
void refuse_descriptors(int socket) noexcept {
  const int off = 0;
  ::setsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);  // not on older kernels
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

bool connects(const std::string& path) {
  const UniqueFd probe = make_socket();
  const sockaddr_un address = address_of(path);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  // Anything else, also a refused permission, is no proof that nobody listens.
  return ::connect(probe.get(), generic, sizeof address) == 0 || errno != ECONNREFUSED;
}

/// Makes room for bind: unlinks the socket of a dead broker, and nothing else.
void take_over(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) {
    throw Error(Errc::in_use, path + " exists and is no socket; remove it or give another path");
  }
  if (connects(path)) {
    throw Error(Errc::in_use, "control socket " + path +
                                  " seems to be in use by another program; stop it, remove the "
                                  "socket or give another path");
  }
  if (::unlink(path.c_str()) != 0) throw system_error("cannot remove stale " + path, errno);
  spdlog::info("control socket {} of a dead broker taken over", path);
}

void bind_to(int socket, const std::string& path, mode_t mode) {
  const sockaddr_un address = address_of(path);
  const mode_t before = ::umask(0777);  // nobody gets in before the mode is what it should be
  const int result = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(before);
  if (result != 0) throw system_error("cannot bind " + path, error);
  if (::chmod(path.c_str(), mode) != 0 || ::listen(socket, kBacklog) != 0) {
    throw system_error("cannot listen on " + path, errno);
  }
}

UniqueFd make_timer() {
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) throw system_error("timerfd_create", errno);
  return timer;
}

bool out_of_descriptors(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Listener::Listener(EventLoop& loop, std::string path, mode_t mode, Handler acceptable)
    : path_(std::move(path)), socket_(make_socket()), retry_(make_timer()) {
  take_over(path_);
  refuse_descriptors(socket_.get());
  bind_to(socket_.get(), path_, mode);
  watch_ = loop.watch(socket_.get(), EPOLLIN,
                      [handler = std::move(acceptable)](std::uint32_t) { handler(); });
  retry_watch_ = loop.watch(retry_.get(), EPOLLIN | EPOLLET, [this](std::uint32_t) { resume(); });
}

Listener::~Listener() {
  ::unlink(path_.c_str());
}

std::optional<Arrival> Listener::accept() {
  // A client needs two descriptors; without the second its death could not be seen.
  UniqueFd second(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int error = second ? 0 : errno;
  Arrival arrival;
  if (second) {
    arrival.socket =
        UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
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
  const itimerspec in_a_second{{0, 0}, {1, 0}};
  ::timerfd_settime(retry_.get(), 0, &in_a_second, nullptr);
}

void Listener::pause() {
  if (!std::exchange(paused_, true)) watch_.change(0);
}

void Listener::resume() {
  if (std::exchange(paused_, false)) watch_.change(EPOLLIN);
}

}  // namespace busbar::daemon
