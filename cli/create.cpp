#include <cstdint>
#include <memory>
#include <string>

#include "cli/access_option.hpp"
#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/option_types.hpp"
#include "cli/output.hpp"
#include "cli/settings_text.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(What is not given is the broker's default. If the channel exists with the same settings nothing
happens; with others it is an error. What the channel became is printed.

Examples:
  busbar create quotes
  busbar create frames --capacity 1GiB --max-message 64MiB --max-publishers 1
  busbar create metrics --capacity 4MiB --when-full drop_newest
  busbar create video --capacity 256MiB --when-full evict
  busbar create orders --publish alice,1002 --subscribe @traders)";

struct CreateOptions {
  std::string channel;
  ChannelOptions settings;
  std::string when_full;
};

void add_settings(CLI::App& app, CreateOptions& create) {
  ChannelOptions& settings = create.settings;
  add_size(app, "--capacity", settings.capacity,
           "Bytes of the ring, rounded up to a power of two: 4KiB to 256GiB");
  add_size(app, "--max-message", settings.max_message,
           "Largest message, at most half the capacity less 64 bytes; default a quarter");
  add_number(app, "--max-publishers", settings.max_publishers, 1, 64,
             "1 to 64; a channel of one publisher is the fastest");
  add_number(app, "--max-subscribers", settings.max_subscribers, 1, 256, "1 to 256");
  app.add_option("--when-full", create.when_full,
                 "What a publisher meets when there is no room: block (it waits), drop_newest (its "
                 "message is dropped and counted), evict (reliable subscribers that lag a whole "
                 "capacity lose their seats)")
      ->check(CLI::IsMember({"block", "drop_newest", "evict"}))
      ->type_name("POLICY");
  add_duration(app, "--block-timeout", settings.block_timeout,
               "How long block waits, and evict for what it cannot evict");
  add_number(app, "--alignment", settings.alignment, 8, 4096,
             "Of messages in bytes: a power of two, 8 to 4096");
  app.add_option("--segment", settings.segment,
                 "The ring's memory: named (for one user), sealed (nobody can cut it short), auto "
                 "(sealed if others than the broker's user may use it)")
      ->check(CLI::IsMember({"auto", "named", "sealed"}))
      ->type_name("BACKING");
  app.add_option("--fences", settings.fences,
                 "auto (membarrier where the kernel has it), full (both sides pay)")
      ->check(CLI::IsMember({"auto", "full"}))
      ->type_name("RULE");
  app.add_option("--huge-pages", settings.huge_pages,
                 "The ring in pages of 2 MiB: off, or try (what the system refuses is shown)")
      ->check(CLI::IsMember({"off", "try"}))
      ->type_name("WORD");
  add_number(app, "--numa-node", settings.numa_node, 0, 1023,
             "NUMA node that its memory comes from, as long as that has any");
  // Called only if one of them is there: what nobody said is the broker's default.
  app.add_flag_function(
      "--lock-memory,!--no-lock-memory",
      [&settings](std::int64_t count) { settings.lock_memory = count > 0; },
      "Locked into memory, so that it is never swapped out");
  add_access(app, "--publish", settings.publish,
             "Who may publish, beside the broker's user and root: users by name or number, groups "
             "behind an @, or \"*\" for everybody");
  add_access(app, "--subscribe", settings.subscribe, "Who may subscribe, likewise");
}

int run(const CommonOptions& options, CreateOptions create) {
  if (!create.when_full.empty()) create.settings.when_full = when_full_of(create.when_full);
  Bus bus = connect(options);
  const ChannelInfo channel = bus.create(create.channel, create.settings);
  print(options.json ? channel_json(channel)
                     : settings_text(channel) + access_lines(bus.channel(create.channel)));
  return kExitOk;
}

}  // namespace

Verb make_create(CLI::App& root) {
  CLI::App* app = root.add_subcommand("create", "Create a channel");
  const auto create = std::make_shared<CreateOptions>();
  add_channel(*app, create->channel);
  add_settings(*app, *create);
  app->footer(kFooter);
  return {app, true, [create](const CommonOptions& options) { return run(options, *create); }};
}

}  // namespace busbar::cli
