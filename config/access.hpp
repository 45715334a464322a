#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/control/messages.hpp"

namespace busbar::config {

/// Most users, and most groups, of one list.
inline constexpr std::size_t kMostNames = 64;

/// Whether a list names this user or one of these groups, which are sorted. Users and groups that
/// this namespace does not know (overflow_id.hpp) it never does, "*" or not.
bool admits(const control::Access& access, std::uint32_t user,
            std::span<const std::uint32_t> groups) noexcept;

/// Whether anybody but `own` and root may be meant.
bool admits_others(const control::Access& access, std::uint32_t own) noexcept;

/// For messages: "users 1001, 1002; groups 100", "everybody" or "nobody else".
std::string access_text(const control::Access& access);

}  // namespace busbar::config
