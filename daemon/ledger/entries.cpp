#include "daemon/ledger/entries.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "common/base/names.hpp"
#include "common/layout/geometry.hpp"
#include "common/layout/limits.hpp"

namespace busbar::daemon::ledger {
namespace {

template <std::size_t N>
void store(char (&to)[N], std::string_view text) {
  text.copy(to, N - 1);
}

template <std::size_t N>
bool load(const char (&from)[N], std::string& text) {
  const std::size_t size = ::strnlen(from, N);
  text.assign(from, size);
  return size < N;
}

void store(AccessList& to, const control::Access& from) {
  to.everybody = from.everybody ? 1 : 0;
  to.users = static_cast<std::uint32_t>(std::min(from.users.size(), std::size(to.user)));
  to.groups = static_cast<std::uint32_t>(std::min(from.groups.size(), std::size(to.group)));
  std::copy_n(from.users.begin(), to.users, to.user);
  std::copy_n(from.groups.begin(), to.groups, to.group);
}

bool load(const AccessList& from, control::Access& to) {
  if (from.everybody > 1 || from.users > std::size(from.user) ||
      from.groups > std::size(from.group)) {
    return false;
  }
  to.everybody = from.everybody == 1;
  to.users.assign(from.user, from.user + from.users);
  to.groups.assign(from.group, from.group + from.groups);
  return true;
}

void store(ChannelEntry& to, const shm::MemoryOptions& from) {
  to.huge_pages = from.huge_pages ? 1 : 0;
  to.lock_memory = from.lock ? 1 : 0;
  to.numa_node = from.numa_node ? *from.numa_node + 1 : 0;
}

bool load(const ChannelEntry& from, shm::MemoryOptions& to) {
  to = {.huge_pages = from.huge_pages == 1, .numa_node = {}, .lock = from.lock_memory == 1};
  if (from.numa_node != 0) to.numa_node = from.numa_node - 1;
  return from.huge_pages <= 1 && from.lock_memory <= 1 &&
         to.numa_node.value_or(0) <= shm::kMostNode;
}

bool sensible(const ring::Settings& ring) {
  using namespace layout;
  return is_channel_name(ring.name) && ring.channel_id != 0 && std::has_single_bit(ring.capacity) &&
         ring.capacity >= kMinCapacity && ring.capacity <= kMaxCapacity &&
         ring.max_publishers >= 1 && ring.max_publishers <= kMaxPublishers &&
         ring.max_subscribers >= 1 && ring.max_subscribers <= kMaxSubscribers &&
         std::has_single_bit(ring.alignment) && ring.alignment <= kMaxAlignment &&
         ring.when_full <= WhenFull::evict && ring.fence_rule <= FenceRule::full;
}

}  // namespace

SessionEntry entry_of(const SessionRecord& record) {
  SessionEntry entry{};
  entry.id = record.id;
  entry.uid = record.uid;
  entry.pid = record.process.pid;
  entry.start_time = record.process.start_time;
  entry.own_pid = record.statement.pid;
  entry.own_start_time = record.statement.start_time;
  entry.own_pid_namespace = record.statement.pid_namespace;
  store(entry.secret, record.secret);
  store(entry.name, record.name);
  store(entry.library, record.library);
  return entry;
}

bool read(const SessionEntry& entry, SessionRecord& record) {
  record.id = entry.id;
  record.uid = entry.uid;
  record.process = {entry.pid, entry.start_time};
  record.statement = {entry.own_pid, entry.own_start_time, entry.own_pid_namespace};
  return entry.id != 0 && load(entry.secret, record.secret) && load(entry.name, record.name) &&
         load(entry.library, record.library);
}

ChannelEntry entry_of(const ChannelRecord& record) {
  const ring::Settings& ring = record.plan.ring;
  ChannelEntry entry{};
  entry.id = ring.channel_id;
  entry.capacity = ring.capacity;
  entry.max_message = ring.max_message;
  entry.block_timeout_ns = ring.block_timeout_ns;
  entry.max_publishers = ring.max_publishers;
  entry.max_subscribers = ring.max_subscribers;
  entry.alignment = ring.alignment;
  entry.when_full = static_cast<std::uint32_t>(ring.when_full);
  entry.fence_rule = static_cast<std::uint32_t>(ring.fence_rule);
  entry.backing = static_cast<std::uint32_t>(record.plan.backing);
  entry.creator = record.creator.user;
  entry.origin = static_cast<std::uint32_t>(record.creator.origin);
  store(entry.name, ring.name);
  store(entry.segments, record.segments);
  store(entry, record.plan.memory);
  store(entry.publish, record.plan.publish);
  store(entry.subscribe, record.plan.subscribe);
  return entry;
}

bool read(const ChannelEntry& entry, ChannelRecord& record) {
  ring::Settings& ring = record.plan.ring;
  ring.channel_id = entry.id;
  ring.capacity = entry.capacity;
  ring.max_message = entry.max_message;
  ring.block_timeout_ns = entry.block_timeout_ns;
  ring.max_publishers = entry.max_publishers;
  ring.max_subscribers = entry.max_subscribers;
  ring.alignment = entry.alignment;
  ring.when_full = static_cast<layout::WhenFull>(entry.when_full);
  ring.fence_rule = static_cast<layout::FenceRule>(entry.fence_rule);
  record.plan.backing = static_cast<shm::Backing>(entry.backing);
  record.creator = {entry.creator, static_cast<Origin>(entry.origin)};
  return load(entry.name, ring.name) && load(entry.segments, record.segments) &&
         record.segments.find('/') == std::string::npos &&
         load(entry.publish, record.plan.publish) && load(entry.subscribe, record.plan.subscribe) &&
         record.plan.backing <= shm::Backing::sealed && record.creator.origin <= Origin::defaults &&
         load(entry, record.plan.memory) && sensible(ring);
}

HoldingEntry entry_of(const HoldingRecord& record) {
  HoldingEntry entry{};
  entry.channel = record.holding.channel_id;
  entry.role = static_cast<std::uint32_t>(record.holding.place.role);
  entry.index = record.holding.place.index;
  entry.session = record.session;
  entry.grant = record.grant;
  return entry;
}

bool read(const HoldingEntry& entry, HoldingRecord& record) {
  record.holding = {entry.channel, {static_cast<control::Role>(entry.role), entry.index}};
  record.session = entry.session;
  record.grant = entry.grant;
  return record.holding.place.role <= control::Role::subscriber && entry.session != 0;
}

}  // namespace busbar::daemon::ledger
