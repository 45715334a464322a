#include "daemon/channel_memory.hpp"

#include <utility>

#include "common/base/crash_point.hpp"
#include "common/base/error.hpp"
#include "common/layout/geometry.hpp"
#include "common/ring/membership.hpp"
#include "common/shm/huge_pages.hpp"
#include "common/shm/locked_memory.hpp"
#include "common/shm/numa.hpp"
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

ChannelMemory::ChannelMemory(const config::ChannelPlan& plan, const std::string& name,
                             std::uint64_t epoch)
    : ChannelMemory(create(plan, name)) {
  // What fails from here on meets the destructor, which unlinks.
  BUSBAR_CRASH_POINT("channel.created");
  map(plan.ring);
  ring::format(ring_mapping_.data(), seats_mapping_.data(), plan.ring);
  BUSBAR_CRASH_POINT("channel.formatted");
  view_ = ring::view(ring_mapping_.data(), ring_.bytes(), seats_mapping_.data(), seats_.bytes());
  ring::set_broker(view_, own_member(), epoch);
  report_ = settle(plan.memory);
}

ChannelMemory::ChannelMemory(Created created)
    : ring_(std::move(created.ring)), seats_(std::move(created.seats)) {}

ChannelMemory::Created ChannelMemory::create(const config::ChannelPlan& plan,
                                             const std::string& name) {
  const shm::PreferredNode node(plan.memory.numa_node);
  const auto pages = plan.memory.huge_pages ? shm::Pages::huge : shm::Pages::ordinary;
  auto ring =
      shm::Segment::create(plan.backing, name + "-ring", ring::ring_bytes(plan.ring), pages);
  auto seats = create_beside(ring, name + "-seats", ring::seats_bytes(plan.ring));
  return {std::move(ring), std::move(seats)};
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

shm::MemoryReport ChannelMemory::settle(const shm::MemoryOptions& options) const {
  shm::MemoryReport report;
  const auto note = [&report](const std::string& what, const std::string& refusal) {
    if (!refusal.empty()) report.fallbacks.push_back(what + ": " + refusal);
  };
  if (options.huge_pages) {
    const shm::HugePages huge = shm::collapse(ring_mapping_.data(), ring_.bytes());
    report.huge_bytes = huge.bytes;
    note("huge pages", huge.refusal);
  }
  if (options.numa_node) {
    const shm::PreferredNode again(options.numa_node);
    note("NUMA node " + std::to_string(*options.numa_node),
         !again.refusal().empty()
             ? again.refusal()
             : shm::misplaced(ring_mapping_.data(), ring_.bytes(), *options.numa_node));
  }
  if (options.lock) {
    const std::string refusal = shm::lock(ring_mapping_.data(), ring_.bytes());
    note("lock", refusal.empty() ? shm::lock(seats_mapping_.data(), seats_.bytes()) : refusal);
  }
  return report;
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
