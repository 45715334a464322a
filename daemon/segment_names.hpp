#pragma once

#include <cstddef>
#include <string>

namespace busbar::daemon {

/// Names of this broker's segments in /dev/shm:
/// busbar-BUS-UID-HASH-RANDOM-{ring,seats}, HASH of the control socket's path, so that a broker
/// knows its own leftovers. Immutable, so any thread may use it.
class SegmentNames {
 public:
  SegmentNames(const std::string& bus, const std::string& socket_path);

  const std::string& prefix() const noexcept { return prefix_; }

  /// A new name without its last part. Throws Errc::system.
  std::string next() const;

  /// Whether a file of this name is a segment of this broker.
  bool is_own(const std::string& name) const;

 private:
  std::string prefix_;
};

/// Unlinks what a broker of the same names, now dead, has left in /dev/shm and owned by this uid;
/// returns how many segments. Only for who holds the socket's lock.
std::size_t remove_leftovers(const SegmentNames& names);

}  // namespace busbar::daemon
