#include "daemon/kept_descriptors.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/names.hpp"
#include "daemon/descriptor_names.hpp"

namespace busbar::daemon {

void KeptDescriptors::keep(const std::string& name, UniqueFd fd) {
  if (!is_descriptor_name(name)) {
    return spdlog::error("a descriptor under the name {} cannot be kept", quoted(name));
  }
  drop(name);
  if (!has_room_for(name)) {
    return spdlog::error("descriptor {} is not kept: {} are, and there is no room for more",
                         quoted(name), all_.size());
  }
  all_.emplace(name, std::move(fd));
  name_bytes_ += name.size() + 1;
}

void KeptDescriptors::drop(const std::string& name) {
  if (all_.erase(name) != 0) name_bytes_ -= name.size() + 1;
}

bool KeptDescriptors::has_room_for(const std::string& name) const {
  return all_.size() < most_ && name_bytes_ + name.size() + 1 <= kRoomForDescriptorNames;
}

}  // namespace busbar::daemon
