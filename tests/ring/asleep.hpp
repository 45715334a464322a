#pragma once

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include "common/base/deadline.hpp"

namespace busbar::test {

/// The state letter of a thread ('S': asleep), or '?'.
inline char thread_state(pid_t process, pid_t thread) {
  const std::string path =
      "/proc/" + std::to_string(process) + "/task/" + std::to_string(thread) + "/stat";
  char text[512] = {};
  if (std::FILE* file = std::fopen(path.c_str(), "re")) {
    const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    std::fclose(file);
  }
  const char* bracket = std::strrchr(text, ')');
  return bracket != nullptr && bracket[1] == ' ' ? bracket[2] : '?';
}

/// A thread of a test that can be waited for until it sleeps. Joins in its destructor.
class Sleeper {
 public:
  explicit Sleeper(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          id_.store(static_cast<pid_t>(::syscall(SYS_gettid)));
          work();
          done_.store(true);
        }) {}
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { join(); }

  /// Returns once the thread sleeps in the kernel or has ended; true if it sleeps.
  bool wait_until_asleep() const {
    while (!done_.load()) {
      const pid_t id = id_.load();
      if (id != 0 && thread_state(::getpid(), id) == 'S') return true;
      ::sched_yield();
    }
    return false;
  }
  bool done() const { return done_.load(); }
  /// Waits for the end; false if it does not come before the time after which every sleep in the
  /// ring looks for itself (10 s): that would hide a wake-up that is missing.
  bool was_woken() {
    const Deadline rescue = Deadline::after(std::chrono::seconds(8));
    while (!done() && !rescue.passed()) ::sched_yield();
    const bool in_time = done();
    join();
    return in_time;
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<pid_t> id_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace busbar::test
