#include "client/src/reports.hpp"

namespace busbar {

ChannelInfo info_of(const control::ChannelReport& report) {
  ChannelInfo info;
  info.name = report.name;
  info.capacity = report.capacity;
  info.max_message = report.max_message;
  info.when_full = report.when_full == "drop_newest" ? WhenFull::drop_newest : WhenFull::block;
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
  info.memory = report.memory;
  return info;
}

ChannelDetails details_of(const control::ChannelShown& shown) {
  ChannelDetails details;
  details.channel = info_of(shown.channel);
  for (const auto& from : shown.publishers) {
    details.publishers.push_back(
        {from.slot, from.client, from.name, from.pid, from.open_bytes, from.ended});
  }
  for (const auto& from : shown.subscribers) {
    SubscriberInfo info;
    info.seat = from.seat;
    info.client = from.client;
    info.name = from.name;
    info.pid = from.pid;
    info.state = from.state;
    info.cursor = from.cursor;
    info.lag_bytes = from.lag_bytes;
    details.subscribers.push_back(std::move(info));
  }
  return details;
}

ClientInfo info_of(const control::ClientReport& report) {
  return {report.id,      report.name,       report.pid,         report.uid,
          report.library, report.publishers, report.subscribers, report.connected};
}

BrokerInfo info_of(const control::BrokerReport& report) {
  return {report.version,       report.bus,          report.pid,
          report.memory,        report.memory_limit, report.clients,
          report.clients_limit, report.channels,     report.channels_limit};
}

control::ChannelSettings settings_of(const ChannelOptions& options) {
  control::ChannelSettings settings;
  settings.capacity = options.capacity;
  settings.max_message = options.max_message;
  if (options.when_full) {
    settings.when_full = *options.when_full == WhenFull::block ? "block" : "drop_newest";
  }
  if (options.block_timeout) {
    settings.block_timeout_ns = static_cast<std::uint64_t>(options.block_timeout->count());
  }
  settings.max_publishers = options.max_publishers;
  settings.max_subscribers = options.max_subscribers;
  settings.alignment = options.alignment;
  settings.segment = options.segment;
  settings.fences = options.fences;
  return settings;
}

}  // namespace busbar
