#include "cli/top/top_events.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "cli/exit.hpp"
#include "cli/top/terminal.hpp"

namespace busbar::cli {
namespace {

constexpr std::array kStops{SIGINT, SIGTERM, SIGHUP};

// What the handlers touch: lock-free atomics only.
std::atomic<bool> stop_wanted{false};
// Readable once a signal came: closes the gap between a look at the flag and a poll(2).
std::atomic<int> wake_event{-1};

void wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_event, &one, sizeof one);
}

void end_at_once(int signal) noexcept {
  Terminal::leave();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void on_stop(int signal) {
  const int saved_errno = errno;
  if (stop_wanted.exchange(true)) end_at_once(signal);
  wake();
  errno = saved_errno;
}

void on_resize(int) {
  const int saved_errno = errno;
  wake();
  errno = saved_errno;
}

void on_suspend(int) {
  const int saved_errno = errno;
  Terminal::leave();
  std::raise(SIGSTOP);
  Terminal::enter();
  wake();
  errno = saved_errno;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction before {};
  ::sigaction(signal, nullptr, &before);
  // Started with it ignored (nohup, a shell's background job): so be it.
  if (before.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = handler;
  // No SA_RESTART: a blocked write has to return.
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

bool woken() {
  std::uint64_t count = 0;
  return ::read(wake_event, &count, sizeof count) == sizeof count;
}

}  // namespace

TopEvents::TopEvents(bool keys) : keys_(keys), terminal_(::isatty(STDOUT_FILENO) == 1) {
  if (wake_event < 0) wake_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_event < 0) throw system_failure("eventfd", errno);
  for (const int signal : kStops) handle(signal, on_stop);
  handle(SIGWINCH, on_resize);
  handle(SIGTSTP, on_suspend);
}

TopEvents::~TopEvents() {
  // What comes from here on ends a process that ends anyway.
  for (const int signal : kStops) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    if (now.sa_handler == on_stop) std::signal(signal, SIG_DFL);
  }
}

bool TopEvents::stop_requested() const noexcept {
  return stop_wanted;
}

std::optional<TopEvents::Event> TopEvents::read_key() const {
  char key = 0;
  const ssize_t count = ::read(STDIN_FILENO, &key, 1);
  if (count == 1) return Event{Event::Kind::key, key};
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
  return Event{Event::Kind::stop};
}

TopEvents::Event TopEvents::wait_until(std::chrono::steady_clock::time_point when) {
  using std::chrono::milliseconds;
  for (;;) {
    if (stop_wanted) return {Event::Kind::stop};
    const auto left =
        std::chrono::ceil<milliseconds>(when - std::chrono::steady_clock::now()).count();
    std::array<pollfd, 2> ready{pollfd{wake_event, POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
    const int count = ::poll(ready.data(), keys_ ? 2 : 1,
                             static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)));
    if (count < 0 && errno != EINTR) throw system_failure("poll", errno);
    if (count == 0) return {Event::Kind::time};
    if (count < 0) continue;
    if (ready[0].revents != 0 && woken()) {
      return {stop_wanted ? Event::Kind::stop : Event::Kind::redraw};
    }
    if (ready[1].revents == 0) continue;
    if (const auto event = read_key()) return *event;
  }
}

bool TopEvents::write(std::string_view text) {
  while (!text.empty() && !stop_wanted) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
    if (wrote >= 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno == EPIPE) {
      throw BrokenPipe{};
    } else if (errno == EAGAIN) {
      std::array<pollfd, 2> ready{pollfd{wake_event, POLLIN, 0}, pollfd{STDOUT_FILENO, POLLOUT, 0}};
      ::poll(ready.data(), ready.size(), -1);
      woken();
    } else if (errno == EIO && terminal_) {
      return false;
    } else if (errno != EINTR) {
      throw system_failure("standard output", errno);
    }
  }
  return text.empty();
}

}  // namespace busbar::cli
