#include <nlohmann/json.hpp>

#include "config/config_report.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::config {
namespace {

using Json = nlohmann::ordered_json;

Json accounts(const std::vector<Account>& list) {
  Json array = Json::array();
  for (const Account& account : list) {
    array.push_back({{"number", account.number}, {"name", account.name}});
  }
  return array;
}

Json document(const Allowed& who) {
  return {{"everybody", who.everybody},
          {"users", accounts(who.users)},
          {"groups", accounts(who.groups)}};
}

/// What is not given is null.
Json number(std::optional<std::uint32_t> value) {
  return value ? Json(*value) : Json();
}

Json settings(const ReportedChannel& channel) {
  const ring::Settings& ring = channel.plan.ring;
  return {{"capacity", ring.capacity},
          {"capacity_asked", channel.capacity_asked},
          {"max_message", ring.max_message},
          {"when_full", when_full_text(ring.when_full)},
          {"block_timeout_ns", ring.block_timeout_ns},
          {"max_publishers", ring.max_publishers},
          {"max_subscribers", ring.max_subscribers},
          {"alignment", ring.alignment},
          {"segment", backing_text(channel.plan.backing)},
          {"segment_asked", channel.segment_asked},
          {"fences", fence_rule_text(ring.fence_rule)},
          {"huge_pages", huge_pages_text(channel.plan.memory.huge_pages)},
          {"numa_node", number(channel.plan.memory.numa_node)},
          {"lock_memory", channel.plan.memory.lock},
          {"publish", document(channel.publish)},
          {"subscribe", document(channel.subscribe)},
          {"memory", channel.memory}};
}

Json channels(const ConfigReport& report) {
  Json array = Json::array();
  for (const ReportedChannel& channel : report.channels) {
    Json one{{"name", channel.plan.ring.name}};
    one.update(settings(channel));
    array.push_back(std::move(one));
  }
  return array;
}

/// What cannot be told is null.
Json known(std::uint64_t bytes) {
  return bytes == kUnknownMemory ? Json() : Json(bytes);
}

Json bus(const ConfigReport& report) {
  return {{"name", report.config.bus},
          {"socket", report.socket},
          {"socket_mode", report.config.socket_mode},
          {"socket_group",
           {{"number", report.socket_group.number}, {"name", report.socket_group.name}}},
          {"user", {{"number", report.user.number}, {"name", report.user.name}}}};
}

}  // namespace

std::string config_report_json(const ConfigReport& report) {
  const Limits& limits = report.config.limits;
  const Json out{
      {"file", report.file},
      {"bus", bus(report)},
      {"admin", document(report.admin)},
      {"limits",
       {{"memory", report.memory_limit},
        {"clients", limits.clients},
        {"channels", limits.channels},
        {"per_user",
         {{"memory", report.share.memory},
          {"clients", report.share.clients},
          {"channels", report.share.channels}}}}},
      {"dynamic_channels", report.config.dynamic_channels},
      {"defaults", settings(report.dynamic)},
      {"channels", channels(report)},
      {"log", {{"level", report.config.log_level}, {"target", report.config.log_target}}},
      {"channels_memory", report.channels_memory},
      {"channels_memory_named", report.named_memory},
      {"descriptors", report.descriptors},
      {"machine",
       {{"memory", known(report.machine.memory)},
        {"shared_memory", known(report.machine.shared_memory)},
        {"free_shared_memory", known(report.machine.free_shared_memory)},
        {"descriptors", report.machine.descriptors}}},
      {"errors", report.errors},
      {"warnings", report.warnings}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace busbar::config
