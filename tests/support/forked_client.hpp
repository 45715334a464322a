#pragma once

#include <sys/types.h>

#include <functional>

namespace busbar::test {

/// A child process that runs `body` and then waits for its end, which is always SIGKILL. The
/// destructor kills and reaps it.
class ForkedClient {
 public:
  /// Returns when `body` has returned in the child. Throws if the child died before.
  explicit ForkedClient(const std::function<void()>& body);
  ForkedClient(const ForkedClient&) = delete;
  ForkedClient& operator=(const ForkedClient&) = delete;
  ~ForkedClient();

  pid_t pid() const noexcept { return pid_; }
  void kill();

 private:
  pid_t pid_ = -1;
};

}  // namespace busbar::test
