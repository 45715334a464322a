#include "cli/stop_signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "cli/exit.hpp"

namespace busbar::cli {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM};

// What the handler touches: lock-free atomics only.
std::atomic<bool> stop_requested{false};
std::atomic<void*> stop_target{nullptr};
std::atomic<void (*)(void*)> stop_interrupt{nullptr};
// Readable once a stop was requested: closes the gap between a look at the flag and a poll(2).
std::atomic<int> stop_event{-1};

static_assert(std::atomic<void*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  const int saved_errno = errno;
  stop_requested = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_event, &one, sizeof one);
  if (void* target = stop_target) stop_interrupt.load()(target);
  errno = saved_errno;
}

}  // namespace

StopSignals::StopSignals(void* target, Interrupt interrupt) {
  if (stop_event < 0) stop_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_event < 0) throw system_failure("eventfd", errno);
  stop_interrupt = interrupt;
  stop_target = target;
  struct sigaction action {};
  action.sa_handler = on_signal;
  // No SA_RESTART: a blocked read or write has to return.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    // Started with it ignored (nohup, a shell's background job): so be it.
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  stop_target = nullptr;
}

bool StopSignals::requested() noexcept {
  return stop_requested.load(std::memory_order_relaxed);
}

void StopSignals::check() {
  if (requested()) throw Interrupted{};
}

void StopSignals::wait_for(int fd, short events) {
  std::array<pollfd, 2> ready{pollfd{fd, events, 0}, pollfd{stop_event, POLLIN, 0}};
  while (::poll(ready.data(), ready.size(), -1) < 0) {
    if (errno != EINTR) throw system_failure("poll", errno);
    check();
  }
  check();
}

}  // namespace busbar::cli
