#pragma once

#include <cstdint>

namespace busbar::config {

/// What the kernel shows in place of users and groups that this namespace does not know: many
/// different ones, so that no rule may ever match them. Thread-safe.
std::uint32_t overflow_user() noexcept;
std::uint32_t overflow_group() noexcept;

}  // namespace busbar::config
