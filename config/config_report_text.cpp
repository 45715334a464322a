#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>

#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"
#include "common/base/units.hpp"
#include "config/access.hpp"
#include "config/config_report.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::config {
namespace {

using Row = std::vector<std::string>;

/// Rows below one another, each column as wide as its widest cell.
std::string columns(std::span<const Row> rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += (i == 0 ? "" : "  ") + row[i] + std::string(widths[i] - row[i].size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string size_or_unknown(std::uint64_t bytes) {
  return bytes == kUnknownMemory ? "unknown" : rough_size_text(bytes);
}

std::string account_text(const Account& account) {
  const std::string number = std::to_string(account.number);
  return account.name.empty() ? number : account.name + " (" + number + ")";
}

std::string accounts_text(const char* what, std::span<const Account> accounts) {
  std::string text;
  for (const Account& account : accounts)
    text += (text.empty() ? what : ", ") + account_text(account);
  return text;
}

std::string allowed_text(const Allowed& who) {
  if (who.everybody) return "everybody";
  const std::string users = accounts_text("users ", who.users);
  const std::string groups = accounts_text("groups ", who.groups);
  const std::string text = users + (users.empty() || groups.empty() ? "" : "; ") + groups;
  return text.empty() ? "nobody else" : text;
}

std::string when_full_words(const ring::Settings& ring) {
  std::string text = when_full_text(ring.when_full);
  if (ring.when_full == layout::WhenFull::drop_newest) return text;
  const auto wait = std::chrono::nanoseconds(static_cast<std::int64_t>(ring.block_timeout_ns));
  return text + ", " + duration_text(wait);
}

std::string segment_words(const ReportedChannel& channel) {
  const std::string backing = backing_text(channel.plan.backing);
  if (channel.segment_asked != "auto") return backing + ", as it says";
  return backing +
         (channel.plan.backing == shm::Backing::named ? ", for one user" : ", for several users");
}

std::string broker_text(const ConfigReport& report) {
  const Config& config = report.config;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", config.socket_mode);
  return columns(std::vector<Row>{
      {"file", report.file.empty() ? "none: built-in defaults" : report.file},
      {"bus", config.bus},
      {"socket", report.socket + ", mode " + mode + ", group " + account_text(report.socket_group)},
      {"run by", account_text(report.user) + ", who may do everything, as root may"},
      {"admin", allowed_text(report.admin)},
      {"log", config.log_level + ", to " + config.log_target}});
}

std::string limits_text(const ConfigReport& report) {
  const Limits& limits = report.config.limits;
  return columns(std::vector<Row>{
      {"LIMIT", "ALL", "EACH OTHER USER"},
      {"memory", rough_size_text(report.memory_limit), rough_size_text(report.share.memory)},
      {"clients", std::to_string(limits.clients), std::to_string(report.share.clients)},
      {"channels", std::to_string(limits.channels), std::to_string(report.share.channels)}});
}

Row numbers_row(const std::string& name, const ReportedChannel& channel) {
  const ring::Settings& ring = channel.plan.ring;
  return {name,
          size_text(ring.capacity),
          size_text(ring.max_message),
          when_full_words(ring),
          std::to_string(ring.max_publishers),
          std::to_string(ring.max_subscribers),
          std::to_string(ring.alignment),
          fence_rule_text(ring.fence_rule),
          rough_size_text(channel.memory)};
}

Row access_row(const std::string& name, const ReportedChannel& channel) {
  return {name, segment_words(channel), allowed_text(channel.publish),
          allowed_text(channel.subscribe)};
}

std::string roundings_text(std::span<const ReportedChannel> channels) {
  std::string text;
  for (const ReportedChannel& channel : channels) {
    const ring::Settings& ring = channel.plan.ring;
    if (channel.capacity_asked == ring.capacity) continue;
    text += ring.name + ": capacity " + size_text(channel.capacity_asked) + " is rounded up to " +
            size_text(ring.capacity) + "\n";
  }
  return text;
}

/// A line if the channel asks for more than to have its memory.
std::string memory_options_text(const std::string& name, const ReportedChannel& channel) {
  const shm::MemoryOptions& wanted = channel.plan.memory;
  if (wanted == shm::MemoryOptions()) return {};
  std::string text = name + ": memory, as far as the system grants it:";
  if (wanted.huge_pages) text += " in huge pages,";
  if (wanted.numa_node) text += " on NUMA node " + std::to_string(*wanted.numa_node) + ",";
  if (wanted.lock) text += " locked,";
  text.back() = '\n';
  return text;
}

std::string channels_text(const ConfigReport& report) {
  std::vector<Row> numbers{{"CHANNEL", "CAPACITY", "MAX MESSAGE", "WHEN FULL", "PUBLISHERS",
                            "SUBSCRIBERS", "ALIGNMENT", "FENCES", "MEMORY"}};
  std::vector<Row> access{{"CHANNEL", "SEGMENT", "PUBLISH", "SUBSCRIBE"}};
  std::string remarks = roundings_text(report.channels);
  const auto add = [&](const std::string& name, const ReportedChannel& channel) {
    numbers.push_back(numbers_row(name, channel));
    access.push_back(access_row(name, channel));
    remarks += memory_options_text(name, channel);
  };
  for (const ReportedChannel& channel : report.channels) add(channel.plan.ring.name, channel);
  if (report.config.dynamic_channels) add("(any other)", report.dynamic);
  if (numbers.size() == 1) return "no channels but those that admins create\n";
  return columns(numbers) + "\n" + columns(access) + (remarks.empty() ? "" : "\n" + remarks);
}

std::string memory_text(const ConfigReport& report) {
  const std::string channels = std::to_string(report.channels.size());
  const std::uint64_t sealed = report.channels_memory - report.named_memory;
  return columns(std::vector<Row>{
      {"configured", channels + (report.channels.size() == 1 ? " channel, " : " channels, ") +
                         rough_size_text(report.channels_memory) + ": " +
                         rough_size_text(report.named_memory) + " in /dev/shm, " +
                         rough_size_text(sealed) + " sealed"},
      {"worst case", rough_size_text(report.memory_limit) + ", which is limits.memory" +
                         (report.config.limits.memory ? "" : " by default")},
      {"/dev/shm", size_or_unknown(report.machine.shared_memory) + ", " +
                       size_or_unknown(report.machine.free_shared_memory) + " free"},
      {"machine", size_or_unknown(report.machine.memory)},
      {"descriptors", std::to_string(report.descriptors) + " at the limits, " +
                          std::to_string(report.machine.descriptors) + " allowed"}});
}

std::string list_text(const char* what, std::span<const std::string> lines) {
  std::string text;
  for (const std::string& line : lines) text += std::string(what) + ": " + line + "\n";
  return text;
}

}  // namespace

std::string config_report_text(const ConfigReport& report) {
  const std::string remarks =
      list_text("warning", report.warnings) + list_text("error", report.errors);
  return broker_text(report) + "\n" + limits_text(report) + "\n" + channels_text(report) + "\n" +
         memory_text(report) + (remarks.empty() ? "" : "\n" + remarks);
}

}  // namespace busbar::config
