#include "daemon/housekeeper.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

UniqueFd make_eventfd(int flags) {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | flags));
  if (!fd) throw system_error("eventfd", errno);
  return fd;
}

/// Cannot fail: the counter of an eventfd takes 2^64 - 2 of these.
void ring(const UniqueFd& fd) noexcept {
  [[maybe_unused]] const int result = ::eventfd_write(fd.get(), 1);
}

}  // namespace

Housekeeper::Housekeeper(EventLoop& loop)
    : wake_(make_eventfd(0)), finished_(make_eventfd(EFD_NONBLOCK)) {
  watch_ = loop.watch(finished_.get(), EPOLLIN, [this](std::uint32_t) { collect(); });
  thread_ = std::thread([this] { thread_main(); });
}

Housekeeper::~Housekeeper() {
  stopping_ = true;
  ring(wake_);
  thread_.join();
  const auto drop = [](Task* task) { delete task; };
  to_do_.consume_all(drop);
  done_.consume_all(drop);
}

void Housekeeper::post(Task task) {
  backlog_.push_back(std::make_unique<Task>(std::move(task)));
  hand_over();
}

void Housekeeper::hand_over() {
  bool any = false;
  while (!backlog_.empty() && out_ < kQueued && to_do_.push(backlog_.front().get())) {
    [[maybe_unused]] Task* const handed = backlog_.front().release();
    backlog_.pop_front();
    ++out_;
    any = true;
  }
  if (any) ring(wake_);
}

void Housekeeper::collect() {
  eventfd_t ignored = 0;
  ::eventfd_read(finished_.get(), &ignored);
  // What is done meanwhile is for the next turn: others are to have theirs in between.
  std::size_t count = done_.read_available();
  for (Task* next = nullptr; count != 0 && done_.pop(next); --count) {
    const std::unique_ptr<Task> task(next);
    --out_;
    hand_over();
    task->done(task->failure);
  }
}

std::chrono::nanoseconds Housekeeper::busy_for() const noexcept {
  const Clock::time_point began = began_.load(std::memory_order_relaxed);
  return began == Clock::time_point() ? std::chrono::nanoseconds::zero() : Clock::now() - began;
}

void Housekeeper::thread_main() noexcept {
  while (!stopping_) {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    run_all();
  }
}

void Housekeeper::run_all() noexcept {
  Task* task = nullptr;
  while (!stopping_ && to_do_.pop(task)) {
    began_.store(Clock::now(), std::memory_order_relaxed);
    try {
      task->work();
    } catch (...) {
      task->failure = std::current_exception();
    }
    began_.store(Clock::time_point(), std::memory_order_relaxed);
    done_.push(task);
    ring(finished_);
  }
}

}  // namespace busbar::daemon
