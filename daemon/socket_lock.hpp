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
  /// Unlinks the file, while it still has the lock, if this has made it or drop() was called, and
  /// keep() was not: a file that was found may be all that leads to what another broker has left.
  ~SocketLock();
  /// Of the lock's file: the same for a broker that takes over from a killed one, another for a
  /// broker of the same path in another mount namespace. With something random that only the
  /// broker's user can read: others must not foretell what is named after it, and take the names.
  std::string identity() const;
  /// The file stays: a next broker is to have the same identity.
  void keep() noexcept { keep_ = true; }
  /// The file goes: nothing is left that is named after it.
  void drop() noexcept { keep_ = false; }

  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;

 private:
  bool try_take(const std::string& socket_path);
  void write_text();

  std::string path_;
  UniqueFd file_;
  std::string token_;
  bool keep_ = false;  // at first: whether the file was there
};

}  // namespace busbar::daemon
