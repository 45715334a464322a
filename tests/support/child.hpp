#pragma once

#include <sys/types.h>

#include <functional>

#include "common/base/unique_fd.hpp"

namespace busbar::test {

/// A child process that does `body` and ends; what it throws goes to standard error. The destructor
/// kills and reaps it.
class Child {
 public:
  explicit Child(const std::function<void()>& body);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// Waits until it is stopped, by itself or from outside.
  bool stops() const;
  /// Waits for its end; true if it did its body.
  bool ends();
  /// Whether it sleeps in poll.
  bool polls() const;

 private:
  UniqueFd lifeline_;  // the child is gone when this is
  pid_t pid_;
};

}  // namespace busbar::test
