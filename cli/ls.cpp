#include <busbar/units.hpp>
#include <string>

#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/settings_text.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(PUBS and SUBS are members and places, MESSAGES counts claims, BYTES is the ring's position: what
was published, headers included.

Examples:
  busbar ls
  busbar ls --json | jq -r '.channels[].name')";

std::string channels_table(const std::vector<ChannelInfo>& channels) {
  using enum Table::Align;
  Table table({{"NAME"},
               {"CAPACITY", right},
               {"PUBS", right},
               {"SUBS", right},
               {"MESSAGES", right},
               {"BYTES", right},
               {"DROPPED", right},
               {"EVICTED", right},
               {"WHEN-FULL"},
               {"SEGMENT"}});
  for (const ChannelInfo& channel : channels) {
    table.add({channel.name, size_text(channel.capacity),
               places_text(channel.publishers, channel.max_publishers),
               places_text(channel.subscribers, channel.max_subscribers),
               std::to_string(channel.sequence), size_text(channel.claimed),
               std::to_string(channel.dropped), std::to_string(channel.evicted),
               when_full_text(channel.when_full), channel.segment});
  }
  return table.text();
}

int run(const CommonOptions& options) {
  const auto channels = connect(options).channels();
  print(options.json ? channels_json(channels) : channels_table(channels));
  return kExitOk;
}

}  // namespace

Verb make_ls(CLI::App& root) {
  CLI::App* app = root.add_subcommand("ls", "List the channels that you may use");
  app->footer(kFooter);
  return {app, true, run};
}

}  // namespace busbar::cli
