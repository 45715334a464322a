#pragma once

#include <CLI/CLI.hpp>
#include <busbar/bus.hpp>
#include <functional>
#include <optional>
#include <string>

namespace busbar::cli {

/// What stands before or behind every verb.
struct CommonOptions {
  std::string socket;
  std::string name = "busbar";
  bool json = false;
};

/// Connects as the options say, for a verb that waits for no message: whatever $BUSBAR_WAIT is.
/// Throws busbar::Error.
Bus connect(const CommonOptions& options);
/// Likewise for a verb that waits: as `wait` says, else $BUSBAR_WAIT.
Bus connect(const CommonOptions& options, std::optional<WaitPolicy> wait);

/// A verb of the command line: how it is parsed, and what it does. `run` returns the exit status.
struct Verb {
  CLI::App* app;
  bool has_json;
  std::function<int(const CommonOptions&)> run;
};

Verb make_ls(CLI::App& root);
Verb make_show(CLI::App& root);
Verb make_create(CLI::App& root);
Verb make_rm(CLI::App& root);
Verb make_pub(CLI::App& root);
Verb make_sub(CLI::App& root);
Verb make_clients(CLI::App& root);
Verb make_check_config(CLI::App& root);
Verb make_top(CLI::App& root);
Verb make_doctor(CLI::App& root);
Verb make_reload(CLI::App& root);

/// The positional CHANNEL that most verbs have.
void add_channel(CLI::App& app, std::string& target);

}  // namespace busbar::cli
