// SPDX-License-Identifier: Apache-2.0
#include "cli/wait_option.hpp"

#include <string>

namespace busbar::cli {

void add_wait(CLI::App& app, std::optional<WaitPolicy>& target) {
  app.add_option_function<std::string>(
         "--wait", [&target](const std::string& text) { target = parse_wait_policy(text); },
         "Wait by spinning (latency), adapting (balanced, default) or sleeping (power)")
      ->check(CLI::IsMember({"latency", "balanced", "power"}))
      ->type_name("POLICY");
}

}  // namespace busbar::cli
