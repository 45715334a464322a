#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace busbar::shm {

/// Locks this memory, so that it is never swapped out, until it is unmapped. For shared memory one
/// process that does it is enough. Why the system refuses; empty if it does not.
std::string lock(const std::byte* at, std::uint64_t bytes);

}  // namespace busbar::shm
