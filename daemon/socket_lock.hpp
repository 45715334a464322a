#pragma once

#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

/// The right to serve a socket path: an exclusive lock on PATH.lock for as long as this lives. The
/// kernel gives it back when the broker dies. Main thread only.
class SocketLock {
 public:
  /// Throws Errc::in_use, naming the broker that has it, or Errc::system.
  explicit SocketLock(const std::string& socket_path);
  /// Unlinks the file, while it still has the lock, unless keep() was called.
  ~SocketLock();
  /// Of the lock's file: the same for a broker that takes over from a killed one, another for a
  /// broker of the same path in another mount namespace.
  std::string identity() const;
  /// The file stays: a next broker is to have the same identity.
  void keep() noexcept { keep_ = true; }

  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;

 private:
  bool try_take(const std::string& socket_path);
  void write_pid();

  std::string path_;
  UniqueFd file_;
  bool keep_ = false;
};

}  // namespace busbar::daemon
