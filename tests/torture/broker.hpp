#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/torture/options.hpp"

namespace busbar::torture {

/// A busbard of this run's own, on a socket in a temporary directory.
class Broker {
 public:
  explicit Broker(const Options& options);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  const std::string& socket() const { return socket_; }
  void start();
  void kill();
  /// SIGTERM; its exit status.
  int stop();
  /// Whether it has gone without being told to.
  bool has_died();

  /// What it has open, and in memory. Of the broker itself, also below a supervisor.
  std::uint64_t descriptors() const;
  std::uint64_t resident_bytes() const;
  /// The files of its bus in /dev/shm.
  std::vector<std::string> segments() const;

 private:
  pid_t broker_pid() const;

  const Options& options_;
  std::string directory_;
  std::string socket_;
  std::string bus_;
  pid_t pid_ = -1;
};

}  // namespace busbar::torture
