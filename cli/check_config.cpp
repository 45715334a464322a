#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "cli/access_option.hpp"
#include "cli/exit.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/words.hpp"
#include "config/config_loader.hpp"
#include "config/config_report.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Says what a broker would make of the file if it ran here, as --user or else as you: which segments are
named, who needs no list and who can connect depends on its user. No broker is needed. The same is said
by busbard --check-config --config FILE, always as who runs it.
Exit status: 0 it is right, 2 it is not.

Examples:
  busbar check-config /etc/busbar/busbar.json
  busbar check-config --user busbar /etc/busbar/busbar.json
  busbar --json check-config busbar.json | jq '.channels[] | {name, memory}')";

struct CheckOptions {
  std::string file;
  std::optional<std::uint32_t> user;
};

int check(const CheckOptions& check, const CommonOptions& options) {
  const std::string& file = check.file;
  const config::Machine machine =
      check.user ? config::this_machine_with(*check.user) : config::this_machine();
  config::Config wanted;
  try {
    wanted = config::load_config(file, machine.user);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());  // begins with FILE:LINE: for whoever reads that
    return kExitUsage;
  }
  if (!options.socket.empty()) wanted.socket = options.socket;
  const auto report = config::config_report(file, wanted, machine);
  print(options.json ? config::config_report_json(report) : config::config_report_text(report));
  if (!check.user && machine.user == 0) {
    say("judged for a broker of root; for the service's say --user busbar");
  }
  return report.errors.empty() ? kExitOk : kExitUsage;
}

}  // namespace

Verb make_check_config(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("check-config", "Check a configuration file and say what it means");
  const auto options = std::make_shared<CheckOptions>();
  app->add_option("FILE", options->file, "The configuration")->required()->type_name("");
  add_user(*app, "--user", options->user, "Who runs the broker, by name or number; default you");
  app->footer(kFooter);
  return {app, true, [options](const CommonOptions& common) { return check(*options, common); }};
}

}  // namespace busbar::cli
