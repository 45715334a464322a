#include "daemon/channel_memory.hpp"

#include <utility>

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "common/layout/geometry.hpp"
#include "common/ring/membership.hpp"
#include "common/sync/process_identity.hpp"

namespace busbar::daemon {
namespace {

/// Creates the second segment; the first does not outlive a failure.
shm::Segment create_beside(shm::Segment& first, const std::string& name, std::uint64_t bytes) {
  try {
    return shm::Segment::create(first.backing(), name, bytes);
  } catch (...) {
    first.unlink();
    throw;
  }
}

ring::Member own_member() {
  const sync::ProcessIdentity own = sync::own_identity();
  return {0, own.pid, own.start_time, own.pid_namespace};
}

}  // namespace

ChannelMemory::ChannelMemory(const ring::Settings& settings, shm::Backing backing,
                             const std::string& name, std::uint64_t epoch)
    : ring_(shm::Segment::create(backing, name + "-ring", ring::ring_bytes(settings))),
      seats_(create_beside(ring_, name + "-seats", ring::seats_bytes(settings))) {
  try {
    BUSBAR_CRASH_POINT("channel.created");
    map(settings);
    ring::format(ring_mapping_.data(), seats_mapping_.data(), settings);
    BUSBAR_CRASH_POINT("channel.formatted");
    view_ = ring::view(ring_mapping_.data(), ring_.bytes(), seats_mapping_.data(), seats_.bytes());
    ring::set_broker(view_, own_member(), epoch);
  } catch (...) {
    unlink();
    throw;
  }
}

ChannelMemory::ChannelMemory(const ring::Settings& settings, shm::Segment ring, shm::Segment seats)
    : outlives_(true), ring_(std::move(ring)), seats_(std::move(seats)) {
  map(settings);
  view_ = ring::view(ring_mapping_.data(), ring_.bytes(), seats_mapping_.data(), seats_.bytes());
  ring::require_settings(ring_mapping_.data(), settings);
}

void ChannelMemory::map(const ring::Settings& settings) {
  // Before anything is read there: a page beyond the end of the file would be a fault.
  if (ring_.bytes() != ring::ring_bytes(settings) ||
      seats_.bytes() != ring::seats_bytes(settings)) {
    throw Error(Errc::damaged, "segment " + ring_.name() + " or " + seats_.name() +
                                   " has another size than its channel");
  }
  constexpr auto kAccess = shm::Access::read_write;
  // Doubled as members have it: a header at the very end lies half in the second mapping.
  ring_mapping_ = shm::Mapping::doubled(ring_.writable_fd(), ring_.bytes(),
                                        layout::data_offset(settings.max_publishers), kAccess);
  seats_mapping_ = shm::Mapping::plain(seats_.writable_fd(), seats_.bytes(), kAccess);
  ring_guard_.emplace(ring_mapping_.data(), ring_mapping_.mapped_bytes());
  seats_guard_.emplace(seats_mapping_.data(), seats_mapping_.mapped_bytes());
}

ChannelMemory::~ChannelMemory() {
  if (!outlives_) unlink();
}

std::string ChannelMemory::name() const {
  return ring_.name().substr(0, ring_.name().rfind('-'));
}

int ChannelMemory::ring_fd(control::Role role) const noexcept {
  return role == control::Role::publisher ? ring_.writable_fd() : ring_.readable_fd();
}

void ChannelMemory::unlink() noexcept {
  outlives_ = false;
  ring_.unlink();
  BUSBAR_CRASH_POINT("channel.half_unlinked");
  seats_.unlink();
}

}  // namespace busbar::daemon
