#pragma once

#include <cstdint>
#include <string>

#include "common/control/messages.hpp"
#include "tests/live_fuzz/shared.hpp"

namespace busbar::live_fuzz {

/// Takes a place on the channel and overwrites what that lets it write: as subscriber the seats, as
/// publisher the ring too. Until it is killed.
void scribble(const std::string& socket, const std::string& channel, control::Role role,
              std::uint64_t seed, Shared& shared, std::atomic<std::uint64_t>& steps);

}  // namespace busbar::live_fuzz
