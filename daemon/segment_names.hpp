#pragma once

#include <cstddef>
#include <set>
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

  /// Of the ledger.
  std::string ledger() const { return prefix_ + "ledger"; }

  /// A name for something of this broker that is damaged: kept for people, never looked at again.
  std::string aside(const std::string& name) const;

  /// Whether a file of this name is a segment of this broker.
  bool is_own(const std::string& name) const;

 private:
  std::string prefix_;
};

/// Unlinks the segments of a broker of the same names, now dead, in /dev/shm and owned by this uid,
/// but for those that `keep` tells (names without their last part); returns how many. Only for who
/// holds the socket's lock.
std::size_t remove_leftovers(const SegmentNames& names, const std::set<std::string>& keep = {});

/// Gives a file that is damaged the name aside(name). Of what was set aside before so much stays;
/// with more, it is unlinked. Returns the new name, or nothing.
std::string set_aside(const SegmentNames& names, const std::string& name);
inline constexpr std::size_t kMostAside = 16;

/// All of that and the ledger too. Returns how many files.
std::size_t remove_everything(const SegmentNames& names);

}  // namespace busbar::daemon
