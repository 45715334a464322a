// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <busbar/options.hpp>
#include <optional>

namespace busbar::cli {

/// --wait: how the verb waits for messages or for room.
void add_wait(CLI::App& app, std::optional<WaitPolicy>& target);

}  // namespace busbar::cli
