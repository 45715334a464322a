#pragma once

#include <cstdint>

#include "config/config.hpp"

namespace busbar::daemon {

/// How many descriptors this process may open from now on: as many as the system allows. 0:
/// unknown.
std::uint64_t raise_descriptor_limit() noexcept;

/// Has the kernel make room for as many as the broker may come to need. Later, when there are
/// threads, each enlargement of that table would stop the caller for 5 to 20 ms (a grace period of
/// RCU). Before the first thread.
void reserve_descriptors(std::uint64_t available, const config::Limits& limits) noexcept;

/// Logs what there is, and warns if the limits do not fit below it.
void report_descriptor_limit(std::uint64_t available, const config::Limits& limits);

}  // namespace busbar::daemon
