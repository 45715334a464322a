#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

// Options whose values are more than text. Wrong ones are refused with the option's name, what was
// found and what is allowed.

namespace busbar::cli {

CLI::Option* add_size(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& target,
                      const std::string& help);

CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::optional<std::chrono::nanoseconds>& target, const std::string& help);

CLI::Option* add_number(CLI::App& app, const std::string& name,
                        std::optional<std::uint64_t>& target, std::uint64_t least,
                        std::uint64_t most, const std::string& help);

CLI::Option* add_number(CLI::App& app, const std::string& name,
                        std::optional<std::uint32_t>& target, std::uint32_t least,
                        std::uint32_t most, const std::string& help);

}  // namespace busbar::cli
