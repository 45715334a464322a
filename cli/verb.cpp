#include "cli/verb.hpp"

namespace busbar::cli {

Bus connect(const CommonOptions& options) {
  return connect(options, WaitPolicy::balanced);
}

Bus connect(const CommonOptions& options, std::optional<WaitPolicy> wait) {
  return Bus::connect({.name = options.name, .socket = options.socket, .wait = wait});
}

void add_channel(CLI::App& app, std::string& target) {
  app.add_option("CHANNEL", target, "The channel's name")->required()->type_name("");
}

}  // namespace busbar::cli
