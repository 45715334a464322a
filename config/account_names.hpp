#pragma once

#include <cstdint>
#include <optional>
#include <string>

// Users and groups of this machine, by the name service. May wait for a network: never on the
// broker's main loop once it serves. Thread-safe.

namespace busbar::config {

/// Nothing if there is none of that name. Throws Errc::system if that cannot be told.
std::optional<std::uint32_t> user_number(const std::string& name);
std::optional<std::uint32_t> group_number(const std::string& name);

/// Nothing if it has no name, or if that cannot be told.
std::optional<std::string> user_name(std::uint32_t user);
std::optional<std::string> group_name(std::uint32_t group);

/// The group that a user's processes begin with. Nothing if it has no name, or if that cannot be
/// told.
std::optional<std::uint32_t> primary_group(std::uint32_t user);

/// Whether a user is a member of a group, by its entry or by the group's. False if it has no name.
bool is_member(std::uint32_t user, std::uint32_t group);

}  // namespace busbar::config
