#pragma once

#include <sys/types.h>

#include <string>

namespace bench {

/// A busbard of this process's own, on a socket in a temporary directory, that may be killed and
/// started again.
class PrivateBroker {
 public:
  /// Returns when it answers.
  explicit PrivateBroker(std::string busbard);
  PrivateBroker(const PrivateBroker&) = delete;
  PrivateBroker& operator=(const PrivateBroker&) = delete;
  ~PrivateBroker();

  const std::string& socket() const { return socket_; }
  pid_t pid() const { return pid_; }
  void start();
  void kill();

 private:
  std::string busbard_;
  std::string directory_;
  std::string socket_;
  pid_t pid_ = -1;
};

}  // namespace bench
