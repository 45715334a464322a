#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <thread>

#include "common/base/unique_fd.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/task.hpp"

namespace busbar::daemon {

/// The thread for what may take long, so that the main thread never waits. Tasks run one after the
/// other, in the order in which they were posted. Everything here is for the main thread. The
/// destructor waits for the task that is running and drops the others, uncalled.
class Housekeeper {
 public:
  explicit Housekeeper(EventLoop& loop);
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  void post(Task task);

  /// How long the task that is running has been; 0 if none is.
  std::chrono::nanoseconds busy_for() const noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kQueued = 256;
  using Queue = boost::lockfree::spsc_queue<Task*, boost::lockfree::capacity<kQueued>>;

  void hand_over();
  void collect();
  void thread_main() noexcept;
  void run_all() noexcept;

  UniqueFd wake_;
  UniqueFd finished_;
  Queue to_do_;
  Queue done_;  // never full: no more than kQueued tasks are out at a time
  std::deque<std::unique_ptr<Task>> backlog_;
  std::size_t out_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<Clock::time_point> began_ = Clock::time_point();  // of the task; none: not busy
  Watch watch_;
  std::thread thread_;
};

}  // namespace busbar::daemon
