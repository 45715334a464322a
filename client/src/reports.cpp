#include "client/src/reports.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace busbar {
namespace {

// By their values.
constexpr std::array<const char*, 3> kWhenFull{"block", "drop_newest", "evict"};

WhenFull when_full_of(const std::string& word) {
  const auto at = std::find(kWhenFull.begin(), kWhenFull.end(), word);
  return at == kWhenFull.end() ? WhenFull::block : static_cast<WhenFull>(at - kWhenFull.begin());
}

/// A value that is none of the enumeration's goes to the broker as such, which refuses it.
std::string text_of(WhenFull when_full) {
  const auto index = static_cast<std::size_t>(when_full);
  return index < kWhenFull.size() ? kWhenFull[index] : std::to_string(index);
}

Access access_of(const control::Access& access) {
  return {access.everybody, access.users, access.groups};
}

control::Access access_of(const Access& access) {
  return {access.everybody, access.users, access.groups};
}

SubscriberInfo info_of(const control::SubscriberReport& report) {
  SubscriberInfo info;
  info.seat = report.seat;
  info.client = report.client;
  info.name = report.name;
  info.pid = report.pid;
  info.state = report.state;
  info.cursor = report.cursor;
  info.lag_bytes = report.lag_bytes;
  info.lost = report.lost;
  for (const auto& held : report.held) {
    info.held.push_back({held.bytes, std::chrono::milliseconds(held.for_ms)});
  }
  return info;
}

ChannelLoad load_of(const control::LoadReport& report) {
  ChannelLoad load;
  load.lag_bytes = report.lag_bytes;
  load.lag_client = report.lag_client;
  load.lag_name = report.lag_name;
  load.lost = report.lost;
  load.held = report.held;
  load.held_bytes = report.held_bytes;
  load.held_longest = std::chrono::milliseconds(report.held_for_ms);
  load.held_client = report.held_client;
  load.held_name = report.held_name;
  return load;
}

}  // namespace

ChannelInfo info_of(const control::ChannelReport& report) {
  ChannelInfo info;
  info.name = report.name;
  info.capacity = report.capacity;
  info.max_message = report.max_message;
  info.when_full = when_full_of(report.when_full);
  info.block_timeout = std::chrono::nanoseconds(report.block_timeout_ns);
  info.max_publishers = report.max_publishers;
  info.max_subscribers = report.max_subscribers;
  info.alignment = report.alignment;
  info.segment = report.segment;
  info.fences = report.fences;
  info.publishers = report.publishers;
  info.subscribers = report.subscribers;
  info.claimed = report.claimed;
  info.tail = report.tail;
  info.sequence = report.sequence;
  info.dropped = report.dropped;
  info.evicted = report.evicted;
  info.memory = report.memory;
  info.huge_pages = report.huge_pages;
  info.huge_bytes = report.huge_bytes;
  info.numa_node = report.numa_node;
  info.lock_memory = report.lock_memory;
  info.fallbacks = report.fallbacks;
  info.load = load_of(report.load);
  return info;
}

ChannelDetails details_of(const control::ChannelShown& shown) {
  ChannelDetails details;
  details.channel = info_of(shown.channel);
  details.publish = access_of(shown.publish);
  details.subscribe = access_of(shown.subscribe);
  for (const auto& from : shown.publishers) {
    details.publishers.push_back(
        {from.slot, from.client, from.name, from.pid, from.open_bytes, from.ended});
  }
  for (const auto& from : shown.subscribers) details.subscribers.push_back(info_of(from));
  return details;
}

ClientInfo info_of(const control::ClientReport& report) {
  return {report.id,         report.name,        report.pid,       report.uid,  report.library,
          report.publishers, report.subscribers, report.connected, report.state};
}

BrokerInfo info_of(const control::BrokerReport& report) {
  return {report.version,
          report.bus,
          report.pid,
          report.epoch,
          report.memory,
          report.memory_limit,
          report.clients,
          report.clients_limit,
          report.channels,
          report.channels_limit,
          std::chrono::milliseconds(report.uptime_ms),
          report.resident,
          report.descriptors,
          report.loop_turns,
          std::chrono::microseconds(report.loop_p99_us),
          std::chrono::microseconds(report.loop_max_us)};
}

control::ChannelSettings settings_of(const ChannelOptions& options) {
  control::ChannelSettings settings;
  settings.capacity = options.capacity;
  settings.max_message = options.max_message;
  if (options.when_full) settings.when_full = text_of(*options.when_full);
  if (options.block_timeout) {
    settings.block_timeout_ns = static_cast<std::uint64_t>(options.block_timeout->count());
  }
  settings.max_publishers = options.max_publishers;
  settings.max_subscribers = options.max_subscribers;
  settings.alignment = options.alignment;
  settings.segment = options.segment;
  settings.fences = options.fences;
  settings.huge_pages = options.huge_pages;
  settings.numa_node = options.numa_node;
  settings.lock_memory = options.lock_memory;
  if (options.publish) settings.publish = access_of(*options.publish);
  if (options.subscribe) settings.subscribe = access_of(*options.subscribe);
  return settings;
}

}  // namespace busbar
