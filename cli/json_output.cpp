#include "cli/json_output.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/settings_text.hpp"

namespace busbar::cli {
namespace {

// Keys stay in the order of the documents.
using Json = nlohmann::ordered_json;

Json to_document(const ChannelLoad& load) {
  return {{"lag_bytes", load.lag_bytes},
          {"lag_client", load.lag_client},
          {"lag_name", load.lag_name},
          {"lost", load.lost},
          {"held", load.held},
          {"held_bytes", load.held_bytes},
          {"held_for_ms", load.held_longest.count()},
          {"held_client", load.held_client},
          {"held_name", load.held_name}};
}

Json to_document(const ChannelInfo& channel) {
  return {{"name", channel.name},
          {"capacity", channel.capacity},
          {"max_message", channel.max_message},
          {"when_full", when_full_text(channel.when_full)},
          {"block_timeout_ns", channel.block_timeout.count()},
          {"max_publishers", channel.max_publishers},
          {"max_subscribers", channel.max_subscribers},
          {"alignment", channel.alignment},
          {"segment", channel.segment},
          {"fences", channel.fences},
          {"publishers", channel.publishers},
          {"subscribers", channel.subscribers},
          {"claimed", channel.claimed},
          {"tail", channel.tail},
          {"sequence", channel.sequence},
          {"dropped", channel.dropped},
          {"evicted", channel.evicted},
          {"memory", channel.memory},
          {"huge_pages", channel.huge_pages},
          {"huge_bytes", channel.huge_bytes},
          {"numa_node", channel.numa_node ? Json(*channel.numa_node) : Json()},
          {"lock_memory", channel.lock_memory},
          {"fallbacks", channel.fallbacks},
          {"load", to_document(channel.load)}};
}

Json to_document(const Access& access) {
  return {{"everybody", access.everybody}, {"users", access.users}, {"groups", access.groups}};
}

Json to_document(const PublisherInfo& publisher) {
  return {{"slot", publisher.slot},   {"client", publisher.client},
          {"name", publisher.name},   {"pid", publisher.pid},
          {"ended", publisher.ended}, {"open_bytes", publisher.open_bytes}};
}

Json to_document(const HeldMessage& held) {
  return {{"bytes", held.bytes}, {"for_ms", held.since.count()}};
}

Json to_document(const SubscriberInfo& subscriber) {
  Json held = Json::array();
  for (const HeldMessage& message : subscriber.held) held.push_back(to_document(message));
  return {{"seat", subscriber.seat},
          {"client", subscriber.client},
          {"name", subscriber.name},
          {"pid", subscriber.pid},
          {"state", subscriber.state},
          {"cursor", subscriber.cursor},
          {"lag_bytes", subscriber.lag_bytes},
          {"lost", subscriber.lost},
          {"held", std::move(held)}};
}

Json to_document(const ClientInfo& client) {
  return {{"id", client.id},
          {"name", client.name},
          {"pid", client.pid},
          {"uid", client.uid},
          {"library", client.library},
          {"publishers", client.publishers},
          {"subscribers", client.subscribers},
          {"connected", client.connected},
          {"state", client.state}};
}

Json to_document(const BrokerInfo& broker) {
  return {{"version", broker.version},
          {"bus", broker.bus},
          {"pid", broker.pid},
          {"epoch", broker.epoch},
          {"memory", broker.memory},
          {"memory_limit", broker.memory_limit},
          {"clients", broker.clients},
          {"clients_limit", broker.clients_limit},
          {"channels", broker.channels},
          {"channels_limit", broker.channels_limit},
          {"uptime_ms", broker.uptime.count()},
          {"resident", broker.resident},
          {"descriptors", broker.descriptors},
          {"loop_turns", broker.loop_turns},
          {"loop_p99_us", broker.loop_p99.count()},
          {"loop_max_us", broker.loop_max.count()}};
}

Json to_document(const Finding& finding) {
  return {{"verdict", verdict_text(finding.verdict)},
          {"check", finding.check},
          {"what", finding.what},
          {"why", finding.why},
          {"command", finding.command}};
}

Json to_document(const ChannelActivity& activity) {
  Json document = to_document(activity.channel);
  const auto rate = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  document["messages_per_s"] = rate(activity.messages);
  document["bytes_per_s"] = rate(activity.bytes);
  document["dropped_since"] = activity.dropped;
  document["lost_since"] = activity.lost;
  document["evicted_since"] = activity.evicted;
  return document;
}

template <typename Item>
Json to_array(const std::vector<Item>& items) {
  Json array = Json::array();
  for (const Item& item : items) array.push_back(to_document(item));
  return array;
}

std::string text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string one_line(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::int64_t milliseconds_since_1970() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string channels_json(const std::vector<ChannelInfo>& channels) {
  return text({{"channels", to_array(channels)}});
}

std::string channel_json(const ChannelInfo& channel) {
  return text({{"channel", to_document(channel)}});
}

std::string details_json(const ChannelDetails& details) {
  return text({{"channel", to_document(details.channel)},
               {"publish", to_document(details.publish)},
               {"subscribe", to_document(details.subscribe)},
               {"publishers", to_array(details.publishers)},
               {"subscribers", to_array(details.subscribers)}});
}

std::string clients_json(const std::vector<ClientInfo>& clients) {
  return text({{"clients", to_array(clients)}});
}

std::string findings_json(const Findings& findings) {
  const auto count = [&findings](Verdict verdict) {
    return std::ranges::count(findings, verdict, &Finding::verdict);
  };
  return text({{"problems", count(Verdict::problem)},
               {"warnings", count(Verdict::warning)},
               {"findings", to_array(findings)}});
}

std::string activity_json(const TopView& view, std::chrono::nanoseconds interval) {
  return one_line(
      {{"time_ms", milliseconds_since_1970()},
       {"interval_ns", interval.count()},
       {"broker", to_document(view.sample.broker)},
       {"channels", to_array(view.channels)},
       {"clients", view.sample.clients_refused ? Json() : to_array(view.sample.clients)}});
}

std::string away_json(const std::string& why) {
  return one_line({{"time_ms", milliseconds_since_1970()}, {"away", why}});
}

}  // namespace busbar::cli
