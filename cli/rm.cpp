#include <memory>
#include <string>

#include "cli/exit.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Without --force a channel with members is refused, and they are named. With it they are told that
the channel is closed, subscribers after what was already published.

Examples:
  busbar rm quotes
  busbar rm --force quotes)";

struct RmOptions {
  std::string channel;
  bool force = false;
};

}  // namespace

Verb make_rm(CLI::App& root) {
  CLI::App* app = root.add_subcommand("rm", "Remove a channel");
  const auto rm = std::make_shared<RmOptions>();
  add_channel(*app, rm->channel);
  app->add_flag("--force", rm->force, "Even if it has publishers or subscribers");
  app->footer(kFooter);
  return {app, false, [rm](const CommonOptions& options) {
            connect(options).remove(rm->channel, rm->force);
            return kExitOk;
          }};
}

}  // namespace busbar::cli
