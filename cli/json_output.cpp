#include "cli/json_output.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "cli/settings_text.hpp"

namespace busbar::cli {
namespace {

// Keys stay in the order of the documents.
using Json = nlohmann::ordered_json;

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
          {"memory", channel.memory}};
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
          {"connected", client.connected}};
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

}  // namespace

std::string channels_json(const std::vector<ChannelInfo>& channels) {
  return text({{"channels", to_array(channels)}});
}

std::string channel_json(const ChannelInfo& channel) {
  return text({{"channel", to_document(channel)}});
}

std::string details_json(const ChannelDetails& details) {
  return text({{"channel", to_document(details.channel)},
               {"publishers", to_array(details.publishers)},
               {"subscribers", to_array(details.subscribers)}});
}

std::string clients_json(const std::vector<ClientInfo>& clients) {
  return text({{"clients", to_array(clients)}});
}

}  // namespace busbar::cli
