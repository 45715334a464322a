#include "cli/top/top_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include "cli/percent.hpp"
#include "cli/rough_text.hpp"
#include "cli/settings_text.hpp"
#include "cli/table.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr std::size_t kNoLimit = ~std::size_t{0};
// Names may have 128 bytes; on a screen the figures beside them matter more.
constexpr std::size_t kLeastName = 16;

using enum Table::Align;

std::string cut(std::string text, std::size_t columns) {
  if (text.size() <= columns) return text;
  text.resize(columns);
  if (columns > 0) text.back() = '~';
  return text;
}

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
  return std::to_string(percent(part, whole)) + "%";
}

/// "1187", or "1187 +12" if there were more since the last sample.
std::string count_text(std::uint64_t all, std::uint64_t since) {
  return std::to_string(all) + (since == 0 ? "" : " +" + std::to_string(since));
}

std::string bytes_rate_text(double per_second) {
  return rough_text(static_cast<std::uint64_t>(std::clamp(per_second, 0.0, 1e18)));
}

std::string held_text(const ChannelLoad& load) {
  if (load.held == 0) return "0";
  return std::to_string(load.held) + ", " + rough_text(load.held_bytes) + ", " +
         rough_text(load.held_longest);
}

struct Totals {
  bool known = false;
  double messages = 0;
  double bytes = 0;
};

Totals totals(const std::vector<ChannelActivity>& channels) {
  Totals all;
  for (const ChannelActivity& channel : channels) {
    all.known = all.known || channel.messages.has_value();
    all.messages += channel.messages.value_or(0);
    all.bytes += channel.bytes.value_or(0);
  }
  return all;
}

std::vector<std::string> heading(const TopView& view) {
  const BrokerInfo& broker = view.sample.broker;
  const Totals all = totals(view.channels);
  std::string first = "bus " + printable(broker.bus) + "  busbard " + printable(broker.version) +
                      " (pid " + std::to_string(broker.pid) + ")  " + printable(view.socket) +
                      "  up " + rough_text(broker.uptime);
  std::string second = "memory " + rough_text(broker.memory) + " of " +
                       rough_text(broker.memory_limit) + " (" +
                       percent_text(broker.memory, broker.memory_limit) + ")  clients " +
                       places_text(broker.clients, broker.clients_limit) + "  channels " +
                       places_text(broker.channels, broker.channels_limit);
  if (all.known) {
    second += "  " + rate_text(all.messages) + " messages/s  " + bytes_rate_text(all.bytes) + "/s";
  }
  return {first, second};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> channel_lines(const std::vector<ChannelActivity>& channels,
                                       std::size_t count, std::size_t longest_name) {
  Table table({{"CHANNEL"},
               {"MSG/S", right},
               {"BYTES/S", right},
               {"PUBS", right},
               {"SUBS", right},
               {"LAG", right},
               {"FULL", right},
               {"LAGS"},
               {"DROPPED", right},
               {"LOST", right},
               {"EVICTED", right},
               {"HELD"},
               {"HOLDS"}});
  for (std::size_t i = 0; i < std::min(count, channels.size()); ++i) {
    const ChannelActivity& activity = channels[i];
    const ChannelInfo& channel = activity.channel;
    const ChannelLoad& load = channel.load;
    const auto name = [longest_name](std::uint64_t client, const std::string& text) {
      return client == 0 ? "-" : cut(printable(text), longest_name);
    };
    table.add({cut(printable(channel.name), longest_name),
               activity.messages ? rate_text(*activity.messages) : "-",
               activity.bytes ? bytes_rate_text(*activity.bytes) : "-",
               std::to_string(channel.publishers), std::to_string(channel.subscribers),
               rough_text(load.lag_bytes), percent_text(load.lag_bytes, channel.capacity),
               name(load.lag_client, load.lag_name), count_text(channel.dropped, activity.dropped),
               count_text(load.lost, activity.lost), count_text(channel.evicted, activity.evicted),
               held_text(load), name(load.held_client, load.held_name)});
  }
  return lines_of(table.text());
}

std::vector<std::string> client_lines(const std::vector<ClientInfo>& clients, std::size_t count,
                                      std::size_t longest_name) {
  Table table({{"CLIENT", right},
               {"NAME"},
               {"PID", right},
               {"UID", right},
               {"PUBS", right},
               {"SUBS", right},
               {"CONNECTED"},
               {"STATE"}});
  for (std::size_t i = 0; i < std::min(count, clients.size()); ++i) {
    const ClientInfo& client = clients[i];
    table.add({std::to_string(client.id), cut(printable(client.name), longest_name),
               std::to_string(client.pid), std::to_string(client.uid),
               std::to_string(client.publishers), std::to_string(client.subscribers),
               client.connected ? "yes" : "away", client.state});
  }
  return lines_of(table.text());
}

void append(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

/// How many rows a table of `count` entries may have in `room` lines: one is its heading, and one
/// tells how many are left out, if so.
std::size_t rows_in(std::size_t count, std::size_t room) {
  if (count + 1 <= room) return count;
  return room < 2 ? 0 : room - 2;
}

void append_left_out(std::vector<std::string>& lines, std::size_t count, std::size_t shown,
                     const char* what) {
  if (shown < count) {
    lines.push_back("... and " + std::to_string(count - shown) + " more " + what);
  }
}

const std::vector<std::string> kNoChannels{"no channels"};
const std::vector<std::string> kRefused{"clients: told to admins only"};

/// The lines of both tables: the clients have a third if there is not enough for all.
std::size_t room_for_clients(std::size_t channels, std::size_t clients, std::size_t room) {
  const std::size_t rest = room > channels + 1 ? room - channels - 1 : 0;
  return std::min(clients + 1, std::max(room / 3, rest));
}

void fit(std::vector<std::string>& lines, ScreenSize size) {
  if (lines.size() > size.rows) lines.resize(size.rows);
  for (std::string& line : lines) line = cut(std::move(line), size.columns);
}

}  // namespace

std::string rate_text(double per_second) {
  struct Unit {
    const char* name;
    double size;
  };
  constexpr std::array<Unit, 3> units{{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}}};
  std::array<char, 32> text;
  for (const Unit& unit : units) {
    // Four digits say more than one and a letter.
    if (per_second < 10 * unit.size) continue;
    std::snprintf(text.data(), text.size(), "%.1f%s", per_second / unit.size, unit.name);
    return text.data();
  }
  std::snprintf(text.data(), text.size(), per_second < 10 && per_second > 0 ? "%.1f" : "%.0f",
                per_second);
  return text.data();
}

std::string whole_text(const TopView& view) {
  std::vector<std::string> lines = heading(view);
  lines.emplace_back();
  append(lines,
         view.channels.empty() ? kNoChannels : channel_lines(view.channels, kNoLimit, kNoLimit));
  lines.emplace_back();
  append(lines, view.sample.clients_refused
                    ? kRefused
                    : client_lines(view.sample.clients, kNoLimit, kNoLimit));
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<std::string> screen_lines(const TopView& view, ScreenSize size) {
  std::vector<std::string> lines = heading(view);
  lines.emplace_back();
  const auto& clients = view.sample.clients;
  const std::size_t name = std::max(kLeastName, size.columns / 5);
  const std::size_t used = lines.size() + 1;
  const std::size_t room = size.rows > used ? size.rows - used : 0;
  const std::size_t for_clients = room_for_clients(view.channels.size(), clients.size(), room);
  if (view.channels.empty()) {
    append(lines, kNoChannels);
  } else {
    const std::size_t shown = rows_in(view.channels.size(), room - for_clients);
    append(lines, channel_lines(view.channels, shown, name));
    append_left_out(lines, view.channels.size(), shown, "channels");
  }
  lines.emplace_back();
  if (view.sample.clients_refused) {
    append(lines, kRefused);
  } else {
    const std::size_t shown = rows_in(clients.size(), for_clients);
    append(lines, client_lines(clients, shown, name));
    append_left_out(lines, clients.size(), shown, "clients");
  }
  fit(lines, size);
  return lines;
}

std::vector<std::string> away_lines(const std::string& why, ScreenSize size) {
  std::vector<std::string> lines{"broker away: waiting for it", "", printable(why)};
  // The text names what was tried: worth several lines.
  for (std::size_t i = 2; i < lines.size() && size.columns > 0; ++i) {
    if (lines[i].size() <= size.columns) continue;
    lines.push_back(lines[i].substr(size.columns));
    lines[i].resize(size.columns);
  }
  fit(lines, size);
  return lines;
}

std::string away_text(const std::string& why) {
  return "broker away: " + printable(why) + "\n";
}

}  // namespace busbar::cli
