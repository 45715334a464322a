#include "daemon/descriptor_store.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "daemon/descriptor_names.hpp"

namespace busbar::daemon {
namespace {

bool is_promised() {
  const char* promise = std::getenv("BUSBAR_FDSTORE");
  return promise != nullptr && promise == std::string_view("1");
}

}  // namespace

DescriptorStore::DescriptorStore(NotifySocket& socket, std::vector<NamedDescriptor> handed_over)
    : socket_(socket), available_(socket && is_promised()) {
  for (NamedDescriptor& descriptor : handed_over) {
    name_bytes_ += kept_.insert(descriptor.name).second ? descriptor.name.size() + 1 : 0;
    handed_over_.try_emplace(std::move(descriptor.name), std::move(descriptor.fd));
  }
}

bool DescriptorStore::keep(const std::string& name, int fd) {
  if (!is_descriptor_name(name)) {
    throw Error(Errc::invalid_argument,
                quoted(name) +
                    " is no name for a stored descriptor: 1 to 255 printable "
                    "characters, no colon");
  }
  if (!available_) return false;
  drop(name);
  if (!has_room_for(name)) {
    if (!std::exchange(full_, true)) {
      spdlog::error(
          "{} descriptors are kept, and there is no room for the names of more: what is made from "
          "now on does not outlive this broker",
          kept_.size());
    }
    return false;
  }
  kept_.insert(name);
  name_bytes_ += name.size() + 1;
  socket_.send_surely("FDSTORE=1\nFDNAME=" + name + "\nFDPOLL=0", fd);
  return true;
}

void DescriptorStore::drop(const std::string& name) {
  handed_over_.erase(name);
  if (kept_.erase(name) == 0) return;
  name_bytes_ -= name.size() + 1;
  full_ = false;
  socket_.send_surely("FDSTOREREMOVE=1\nFDNAME=" + name);
}

UniqueFd DescriptorStore::take(const std::string& name) {
  const auto found = handed_over_.find(name);
  if (found == handed_over_.end()) return {};
  UniqueFd fd = std::move(found->second);
  handed_over_.erase(found);
  return fd;
}

std::vector<std::string> DescriptorStore::names() const {
  std::vector<std::string> result;
  result.reserve(handed_over_.size());
  for (const auto& [name, fd] : handed_over_) result.push_back(name);
  return result;
}

void DescriptorStore::drop_rest() {
  for (const std::string& name : names()) drop(name);
}

bool DescriptorStore::has_room_for(const std::string& name) const {
  return name_bytes_ + name.size() + 1 <= kRoomForDescriptorNames;
}

}  // namespace busbar::daemon
