#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>

namespace busbar::test {

/// A child process that is led through a piece of work one instruction at a time, by ptrace, and
/// killed by a real SIGKILL wherever it stands.
class SteppedChild {
 public:
  /// What the child is led through.
  using Work = std::function<void()>;

  /// `prepare` runs in the child, at full speed.
  explicit SteppedChild(const std::function<Work()>& prepare);
  SteppedChild(const SteppedChild&) = delete;
  SteppedChild& operator=(const SteppedChild&) = delete;
  ~SteppedChild();

  /// Why this cannot be done here, or null if it can.
  static const char* why_not();

  /// One instruction. False if the work is over.
  bool step();
  /// At full speed, until it sleeps; then it may be woken, and goes on by steps.
  void run_until_it_sleeps();
  bool is_over() const;
  void kill();

 private:
  struct Flags {
    std::atomic<bool> begun, over;
  };
  void step_once();

  Flags* flags_;
  pid_t pid_ = -1;
};

}  // namespace busbar::test
