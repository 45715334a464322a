#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace compare {

/// A forked child that does `work` and dies with its parent; killed if it still runs when this
/// goes. What work throws is given to `complain` in the child.
class Process {
 public:
  Process(const std::function<void()>& work, const std::function<void(const char*)>& complain);
  /// Another program, `argv[0]` looked up in PATH; its output is thrown away.
  explicit Process(const std::vector<std::string>& argv);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  /// Whether it has ended by now.
  bool has_ended();
  /// Of an ended one: it did all of its work.
  bool is_fine() const { return ended_ && status_ == 0; }
  /// Asks it to end and waits.
  void terminate();

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace compare
