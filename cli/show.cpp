#include <busbar/units.hpp>
#include <memory>
#include <string>

#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/settings_text.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(OPEN are the bytes from a publisher's oldest open claim to the ring's position, LAG those from a
subscriber's cursor. A subscriber whose LAG is near the capacity is the one that publishers wait for.

Examples:
  busbar show quotes
  busbar --json show quotes | jq '.subscribers[].lag_bytes')";

std::string traffic_text(const ChannelInfo& channel) {
  return "messages     " + std::to_string(channel.sequence) +             //
         "\nbytes        " + size_text(channel.claimed) +                 //
         "\nin the ring  " + size_text(channel.claimed - channel.tail) +  //
         "\ndropped      " + std::to_string(channel.dropped) + "\n";
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
               publisher.ended ? "yes" : "no", printable(publisher.name)});
  }
  return table.text();
}

std::string subscribers_text(const std::vector<SubscriberInfo>& subscribers) {
  if (subscribers.empty()) return "no subscribers\n";
  using enum Table::Align;
  Table table({{"SUBSCRIBER", right},
               {"CLIENT", right},
               {"PID", right},
               {"LAG", right},
               {"STATE"},
               {"NAME"}});
  for (const SubscriberInfo& subscriber : subscribers) {
    table.add({std::to_string(subscriber.seat), std::to_string(subscriber.client),
               std::to_string(subscriber.pid), size_text(subscriber.lag_bytes),
               printable(subscriber.state), printable(subscriber.name)});
  }
  return table.text();
}

std::string details_text(const ChannelDetails& details) {
  return settings_text(details.channel) + traffic_text(details.channel) + "\n" +
         publishers_text(details.publishers) + "\n" + subscribers_text(details.subscribers);
}

int run(const CommonOptions& options, const std::string& channel) {
  const ChannelDetails details = connect(options).channel(channel);
  print(options.json ? details_json(details) : details_text(details));
  return kExitOk;
}

}  // namespace

Verb make_show(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("show", "Show a channel: its settings, publishers and subscribers");
  const auto channel = std::make_shared<std::string>();
  add_channel(*app, *channel);
  app->footer(kFooter);
  return {app, true, [channel](const CommonOptions& options) { return run(options, *channel); }};
}

}  // namespace busbar::cli
