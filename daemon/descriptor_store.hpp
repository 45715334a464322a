#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "daemon/named_descriptor.hpp"
#include "daemon/notify_socket.hpp"

namespace busbar::daemon {

/// Descriptors that outlive this process: whoever started it (systemd, or busbard --supervise)
/// holds duplicates of them and hands them to the next one. Never waits; main thread only; must not
/// outlive its NotifySocket. Does nothing where nobody keeps descriptors.
class DescriptorStore {
 public:
  /// `handed_over`: what the store had when this process was started.
  DescriptorStore(NotifySocket& socket, std::vector<NamedDescriptor> handed_over);

  /// Whether somebody keeps descriptors: $NOTIFY_SOCKET is there, and $BUSBAR_FDSTORE is 1, which
  /// the unit file and the supervisor say (systemd itself tells it from version 254 on).
  bool available() const noexcept { return available_; }

  /// In place of what was kept under this name. The caller's descriptor stays the caller's. False
  /// if nobody keeps it, also for want of room for its name, which is logged: names of 14
  /// characters and less are short enough for 8,192 of them. Throws Errc::invalid_argument if it is
  /// no name for FDNAME=.
  bool keep(const std::string& name, int fd);
  /// It need not be there.
  void drop(const std::string& name);

  /// What was handed over under this name, once, or nothing. The store keeps it too until drop().
  UniqueFd take(const std::string& name);
  /// What was handed over and not yet taken.
  std::vector<std::string> names() const;
  /// Drops what nobody has taken, and closes it.
  void drop_rest();

 private:
  bool has_room_for(const std::string& name) const;

  NotifySocket& socket_;
  bool available_;
  bool full_ = false;  // as was logged
  std::map<std::string, UniqueFd> handed_over_;
  std::set<std::string> kept_;
  std::size_t name_bytes_ = 0;  // of kept_
};

}  // namespace busbar::daemon
