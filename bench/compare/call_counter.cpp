#include "call_counter.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

namespace compare {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCallStop = SIGTRAP | 0x80;

std::set<pid_t> threads_of(const std::vector<pid_t>& processes) {
  std::set<pid_t> found;
  std::error_code ignored;
  for (const pid_t process : processes) {
    const std::filesystem::path folder = "/proc/" + std::to_string(process) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(folder, ignored)) {
      found.insert(std::stoi(task.path().filename().string()));
    }
  }
  return found;
}

/// Traced threads; all let go of when it goes.
class Tracing {
 public:
  explicit Tracing(const std::vector<pid_t>& processes) {
    for (const pid_t thread : threads_of(processes)) {
      if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACESYSGOOD) != 0) continue;
      ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
      threads_.insert(thread);
    }
  }
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  /// One stop, if there is one: counts it and lets the thread go on to its next.
  bool take_stop(std::uint64_t& stops) {
    int status = 0;
    const pid_t thread = ::waitpid(-1, &status, __WALL | WNOHANG | __WNOTHREAD);
    if (thread <= 0) return false;
    if (!WIFSTOPPED(status)) {
      threads_.erase(thread);
      return true;
    }
    const int signal = WSTOPSIG(status);
    if (signal == kCallStop) ++stops;
    const bool is_event = (status >> 16) != 0 || signal == kCallStop;
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, is_event ? 0 : signal);
    return true;
  }

  ~Tracing() {
    // Only a stopped thread can be let go of.
    for (const pid_t thread : threads_) {
      ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
      int status = 0;
      if (::waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status)) {
        ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
      }
    }
  }

 private:
  std::set<pid_t> threads_;
};

}  // namespace

std::uint64_t count_calls(const std::vector<pid_t>& processes, double seconds) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  Tracing tracing(processes);
  std::uint64_t stops = 0;
  while (Clock::now() < end) tracing.take_stop(stops);
  return stops / 2;  // one at a call's begin, one at its end
}

}  // namespace compare
