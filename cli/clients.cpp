#include <string>

#include "cli/exit.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/table.hpp"
#include "cli/verb.hpp"

namespace busbar::cli {
namespace {

constexpr const char* kFooter =
    R"(PUBS and SUBS are the places that a client holds on all channels together. A client whose
connection is away has lost its broker and not come back yet, or closed its socket, while its
process lives on and still holds places. STATE is that of its process: a stopped one can hold up
others, and nothing is taken from it; continue it (kill -CONT PID) or end it.

Examples:
  busbar clients
  busbar clients --json | jq '.clients[] | select(.state == "stopped")'
  busbar clients --json | jq '.clients[] | select(.connected | not)')";

std::string clients_table(const std::vector<ClientInfo>& clients) {
  using enum Table::Align;
  Table table({{"CLIENT", right},
               {"PID", right},
               {"UID", right},
               {"PUBS", right},
               {"SUBS", right},
               {"CONNECTED"},
               {"STATE"},
               {"LIBRARY"},
               {"NAME"}});
  for (const ClientInfo& client : clients) {
    table.add({std::to_string(client.id), std::to_string(client.pid), std::to_string(client.uid),
               std::to_string(client.publishers), std::to_string(client.subscribers),
               client.connected ? "yes" : "away", client.state, client.library, client.name});
  }
  return table.text();
}

int run(const CommonOptions& options) {
  const auto clients = connect(options).clients();
  print(options.json ? clients_json(clients) : clients_table(clients));
  return kExitOk;
}

}  // namespace

Verb make_clients(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("clients", "List the clients of the broker, this one included");
  app->footer(kFooter);
  return {app, true, run};
}

}  // namespace busbar::cli
