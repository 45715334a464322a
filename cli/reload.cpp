#include <string>

#include "cli/exit.hpp"
#include "cli/output.hpp"
#include "cli/rough_text.hpp"
#include "cli/verb.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(Prints what has changed, a line each. All of it or nothing: if the file is wrong, or says what cannot
be done now, the words tell why and the configuration in force stays. SIGHUP does the same; its words
are in the broker's log.

Channels are added, and removed or made anew while they have no members; limits, lists of users and the
log's level change at once. The bus's name and its socket need a restart.

Examples:
  busbar check-config /etc/busbar/busbar.json && busbar reload)";

}  // namespace

Verb make_reload(CLI::App& root) {
  CLI::App* app = root.add_subcommand("reload", "Have the broker read its configuration anew");
  app->footer(kFooter);
  return {app, false, [](const CommonOptions& options) {
            const auto changes = connect(options).reload();
            if (changes.empty()) say("nothing has changed");
            for (const std::string& change : changes) print(printable(change) + "\n");
            return kExitOk;
          }};
}

}  // namespace busbar::cli
