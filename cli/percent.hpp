#pragma once

#include <cstdint>

namespace busbar::cli {

/// How much of `whole` that is, in percent; of 0 nothing. At most 999: what members write into
/// their memory may say anything.
std::uint64_t percent(std::uint64_t part, std::uint64_t whole) noexcept;

}  // namespace busbar::cli
