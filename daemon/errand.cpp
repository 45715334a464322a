#include "daemon/errand.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

UniqueFd make_eventfd() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) throw system_error("eventfd", errno);
  return fd;
}

}  // namespace

Errand::Errand(EventLoop& loop, std::function<void()> work,
               std::function<void(std::exception_ptr)> done)
    : state_(std::make_shared<State>(State{std::move(work), nullptr, make_eventfd()})) {
  watch_ =
      loop.watch(state_->finished.get(), EPOLLIN, [this, done = std::move(done)](std::uint32_t) {
        watch_.reset();
        done(state_->failure);
      });
  try {
    std::thread([state = state_] {
      try {
        state->work();
      } catch (...) {
        state->failure = std::current_exception();
      }
      ::eventfd_write(state->finished.get(), 1);
    }).detach();
  } catch (const std::system_error& error) {
    throw system_error("a thread to read the configuration", error.code().value());
  }
}

}  // namespace busbar::daemon
