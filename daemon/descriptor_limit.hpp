#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace busbar::daemon {

/// How many descriptors this process may open from now on: as many as the system allows. 0:
/// unknown.
std::uint64_t raise_descriptor_limit() noexcept;

/// Logs what there is, and warns if the limits do not fit below it.
void report_descriptor_limit(std::uint64_t available, const config::Limits& limits);

}  // namespace busbar::daemon
