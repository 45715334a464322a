#include <CLI/CLI.hpp>
#include <busbar/error.hpp>
#include <busbar/version.hpp>
#include <csignal>
#include <iostream>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "cli/exit.hpp"
#include "cli/file_descriptor.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kAbout =
    "Busbar, a shared-memory message bus: lists and makes channels, publishes files and streams, "
    "subscribes.";

constexpr const char* kFooter =
    R"(Data goes to standard output, words to standard error.
Exit status: 0 done, 1 not (the words say why), 2 wrong usage.

The broker's socket is --socket, else $BUSBAR_SOCKET, else $XDG_RUNTIME_DIR/busbar/control.sock if a
broker answers there, else /run/busbar/control.sock.

Examples:
  busbar create quotes --capacity 16MiB
  busbar sub quotes &
  echo hello | busbar pub quotes
  busbar ls
  busbar VERB --help)";

void set_up(CLI::App& root, CommonOptions& options) {
  root.name("busbar");
  root.get_formatter()->label("SUBCOMMAND", "VERB");
  root.set_version_flag("--version", std::string("busbar ") + library_version());
  root.add_option("--socket", options.socket, "The broker's control socket")->type_name("PATH");
  root.add_option("--name", options.name, "What others see it called; default busbar")
      ->type_name("NAME");
  root.add_flag(
      "--json", options.json,
      "One JSON document (ls, show, create, clients, check-config, doctor), or one a line (top)");
  root.footer(kFooter);
  root.fallthrough();
}

std::vector<Verb> make_verbs(CLI::App& root) {
  return {make_ls(root),           make_show(root),   make_create(root),  make_rm(root),
          make_pub(root),          make_sub(root),    make_clients(root), make_top(root),
          make_check_config(root), make_reload(root), make_doctor(root)};
}

/// What was wrong, in words of ours where the parser's would mislead.
std::string usage_text(const CLI::App& root, const CLI::ParseError& error) {
  const bool no_verb =
      root.get_subcommands().empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (!no_verb) return printable(error.what());
  const auto words = root.remaining();
  return words.empty() ? "a verb is required" : "\"" + printable(words.front()) + "\" is no verb";
}

/// --help and --version come as errors too, with an exit code of 0.
int report(const CLI::App& root, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    std::ostringstream text;
    root.exit(error, text, text);
    print(text.str() + (text.str().ends_with('\n') ? "" : "\n"));
    return kExitOk;
  }
  const auto chosen = root.get_subcommands();
  const std::string verb = chosen.empty() ? "" : " " + chosen.front()->get_name();
  say(usage_text(root, error) + " (see busbar" + verb + " --help)");
  return kExitUsage;
}

int run_verb(const std::vector<Verb>& verbs, const CommonOptions& options) {
  for (const Verb& verb : verbs) {
    if (!verb.app->parsed()) continue;
    if (options.json && !verb.has_json) {
      throw UsageError("--json is for ls, show, create, clients, check-config, top and doctor; " +
                       verb.app->get_name() + " has no document to print");
    }
    return verb.run(options);
  }
  return kExitUsage;
}

int parse_and_run(int argc, char** argv) {
  CLI::App root(kAbout);
  CommonOptions options;
  set_up(root, options);
  const std::vector<Verb> verbs = make_verbs(root);
  for (const Verb& verb : verbs) verb.app->group("Verbs");
  root.require_subcommand(1);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(root, error);
  }
  return run_verb(verbs, options);
}

/// What the library calls invalid can only have stood on the command line.
int status_of(const Error& error) {
  return error.errc() == Errc::invalid_name || error.errc() == Errc::invalid_argument
             ? kExitUsage
             : kExitFailure;
}

int guarded_main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const Error& error) {
    say(error.what());
    return status_of(error);
  } catch (const UsageError& error) {
    say(error.what());
    return kExitUsage;
  } catch (const BrokenPipe&) {
    return kExitFailure;
  } catch (const Interrupted&) {
    say("interrupted");
    return kExitFailure;
  } catch (const std::bad_alloc&) {
    say("out of memory");
    return kExitFailure;
  } catch (const std::exception& error) {
    say(error.what());
    return kExitFailure;
  }
}

}  // namespace
}  // namespace busbar::cli

int main(int argc, char** argv) {
  busbar::cli::reserve_standard_streams();
  // A reader that is gone is an EPIPE to handle, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  return busbar::cli::guarded_main(argc, argv);
}
