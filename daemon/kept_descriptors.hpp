#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

/// The other end of a DescriptorStore: what a supervisor keeps over its broker's death. One thread.
class KeptDescriptors {
 public:
  /// At most so many.
  explicit KeptDescriptors(std::size_t most) : most_(most) {}

  /// In place of what had the name. One that has no room, or no name that can be handed over, is
  /// closed and logged.
  void keep(const std::string& name, UniqueFd fd);
  void drop(const std::string& name);

  const std::map<std::string, UniqueFd>& all() const noexcept { return all_; }

 private:
  bool has_room_for(const std::string& name) const;

  std::size_t most_;
  std::map<std::string, UniqueFd> all_;
  std::size_t name_bytes_ = 0;
};

}  // namespace busbar::daemon
