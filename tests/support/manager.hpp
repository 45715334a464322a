#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>

#include "common/base/unique_fd.hpp"
#include "tests/support/temporary_directory.hpp"

namespace busbar::test {

/// Plays systemd, as far as it listens to its services.
class Manager {
 public:
  Manager();

  std::string path() const { return directory_.path("notify"); }
  std::string variable() const { return "NOTIFY_SOCKET=" + path(); }

  /// The next message; nothing after kPatience.
  std::optional<std::string> next();
  /// The next one that contains `text`.
  std::string next_with(const std::string& text);
  /// Whether whoever sends something now would have to wait.
  bool is_full() const;

 private:
  sockaddr_un make_self() const;
  const sockaddr* self() const { return reinterpret_cast<const sockaddr*>(&self_); }

  TemporaryDirectory directory_;
  UniqueFd socket_;
  sockaddr_un self_;
};

}  // namespace busbar::test
