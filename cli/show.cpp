#include <algorithm>
#include <busbar/units.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/access_option.hpp"
#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/rough_text.hpp"
#include "cli/settings_text.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(OPEN are the bytes from a publisher's oldest open claim to the ring's position, LAG those from a
subscriber's cursor. A reliable subscriber whose LAG is near the capacity is the one that publishers
wait for, or that they evict. LOST are messages that a lossy subscriber missed. HELD are the messages
that a subscriber keeps in place: how many, their bytes, which publishers have to step over, and how
long the oldest has been kept; --held lists them one by one. What a reliable subscriber received last
is not among them: its cursor stands there, and it counts as LAG.

Examples:
  busbar show quotes
  busbar show video --held
  busbar --json show quotes | jq '.subscribers[].lag_bytes')";

struct ShowOptions {
  std::string channel;
  bool held = false;
};

std::string traffic_text(const ChannelInfo& channel) {
  return "messages     " + std::to_string(channel.sequence) +             //
         "\nbytes        " + size_text(channel.claimed) +                 //
         "\nin the ring  " + size_text(channel.claimed - channel.tail) +  //
         "\ndropped      " + std::to_string(channel.dropped) +            //
         "\nevicted      " + std::to_string(channel.evicted) + "\n";
}

std::string publishers_text(const std::vector<PublisherInfo>& publishers) {
  if (publishers.empty()) return "no publishers\n";
  using enum Table::Align;
  Table table({{"PUBLISHER", right},
               {"CLIENT", right},
               {"PID", right},
               {"OPEN", right},
               {"ENDED"},
               {"NAME"}});
  for (const PublisherInfo& publisher : publishers) {
    table.add({std::to_string(publisher.slot), std::to_string(publisher.client),
               std::to_string(publisher.pid), size_text(publisher.open_bytes),
               publisher.ended ? "yes" : "no", publisher.name});
  }
  return table.text();
}

/// "3, 1.2MiB, longest 9.8s".
std::string held_text(const std::vector<HeldMessage>& held) {
  if (held.empty()) return "0";
  std::uint64_t bytes = 0;
  std::chrono::milliseconds longest{};
  for (const HeldMessage& message : held) {
    bytes += message.bytes;
    longest = std::max(longest, message.since);
  }
  return std::to_string(held.size()) + ", " + rough_text(bytes) + ", longest " +
         rough_text(longest);
}

std::string subscribers_text(const std::vector<SubscriberInfo>& subscribers) {
  if (subscribers.empty()) return "no subscribers\n";
  using enum Table::Align;
  Table table({{"SUBSCRIBER", right},
               {"CLIENT", right},
               {"PID", right},
               {"STATE"},
               {"LAG", right},
               {"LOST", right},
               {"HELD"},
               {"NAME"}});
  for (const SubscriberInfo& subscriber : subscribers) {
    table.add({std::to_string(subscriber.seat), std::to_string(subscriber.client),
               std::to_string(subscriber.pid), subscriber.state, size_text(subscriber.lag_bytes),
               std::to_string(subscriber.lost), held_text(subscriber.held), subscriber.name});
  }
  return table.text();
}

/// One line for each message that is held, a subscriber's oldest first.
std::string held_messages_text(const std::vector<SubscriberInfo>& subscribers) {
  using enum Table::Align;
  Table table(
      {{"SUBSCRIBER", right}, {"PID", right}, {"BYTES", right}, {"HELD FOR", right}, {"NAME"}});
  bool any = false;
  for (const SubscriberInfo& subscriber : subscribers) {
    auto held = subscriber.held;
    std::ranges::stable_sort(held, std::greater(), &HeldMessage::since);
    for (const HeldMessage& message : held) {
      any = true;
      table.add({std::to_string(subscriber.seat), std::to_string(subscriber.pid),
                 std::to_string(message.bytes), rough_text(message.since), subscriber.name});
    }
  }
  return any ? table.text() : "no held messages\n";
}

std::string details_text(const ChannelDetails& details, bool held) {
  std::string text = settings_text(details.channel) + access_lines(details) +
                     traffic_text(details.channel) + "\n" + publishers_text(details.publishers) +
                     "\n" + subscribers_text(details.subscribers);
  if (held) text += "\n" + held_messages_text(details.subscribers);
  return text;
}

int run(const CommonOptions& options, const ShowOptions& show) {
  const ChannelDetails details = connect(options).channel(show.channel);
  print(options.json ? details_json(details) : details_text(details, show.held));
  return kExitOk;
}

}  // namespace

Verb make_show(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("show", "Show a channel: its settings, publishers and subscribers");
  const auto show = std::make_shared<ShowOptions>();
  add_channel(*app, show->channel);
  app->add_flag("--held", show->held,
                "Each message that a subscriber keeps in place (JSON has them anyway)");
  app->footer(kFooter);
  return {app, true, [show](const CommonOptions& options) { return run(options, *show); }};
}

}  // namespace busbar::cli
