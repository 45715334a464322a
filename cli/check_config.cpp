#include <cstdio>
#include <memory>
#include <string>

#include "cli/exit.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "config/config_loader.hpp"
#include "config/config_report.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Says what a broker would make of the file if it ran here and as you: its own user, and so which
segments are named, is yours. No broker is needed; busbard --check-config --config FILE says the same.
Exit status: 0 it is right, 2 it is not.

Examples:
  busbar check-config /etc/busbar/busbar.json
  sudo -u busbar busbar check-config /etc/busbar/busbar.json
  busbar --json check-config busbar.json | jq '.channels[] | {name, memory}')";

int check(const std::string& file, const CommonOptions& options) {
  config::Config wanted;
  try {
    wanted = config::load_config(file);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());  // begins with FILE:LINE: for whoever reads that
    return kExitUsage;
  }
  if (!options.socket.empty()) wanted.socket = options.socket;
  const auto report = config::config_report(file, wanted, config::this_machine());
  print(options.json ? config::config_report_json(report) : config::config_report_text(report));
  return report.errors.empty() ? kExitOk : kExitUsage;
}

}  // namespace

Verb make_check_config(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("check-config", "Check a configuration file and say what it means");
  const auto file = std::make_shared<std::string>();
  app->add_option("FILE", *file, "The configuration")->required()->type_name("");
  app->footer(kFooter);
  return {app, true, [file](const CommonOptions& options) { return check(*file, options); }};
}

}  // namespace busbar::cli
