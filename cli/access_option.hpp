#pragma once

#include <CLI/CLI.hpp>
#include <busbar/info.hpp>
#include <busbar/options.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace busbar::cli {

/// An option for who may do something: "alice,1002,@traders", "*". Names are looked up here, on the
/// machine of the command line. Refuses what is no user or group with what was found.
CLI::Option* add_access(CLI::App& app, const std::string& name, std::optional<Access>& target,
                        const std::string& help);

/// An option for one user, by name or number.
CLI::Option* add_user(CLI::App& app, const std::string& name, std::optional<std::uint32_t>& target,
                      const std::string& help);

/// "alice (1001), @traders (1002)", "everybody"; the broker's own user and root go without saying.
std::string access_text(const Access& access);

/// Two lines of a channel's description.
std::string access_lines(const ChannelDetails& details);

}  // namespace busbar::cli
