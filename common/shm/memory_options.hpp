#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace busbar::shm {

/// What a channel asks of the machine for its memory, beyond having it. None of it is a condition:
/// what the system refuses is reported, and the channel is there without it.
struct MemoryOptions {
  bool huge_pages = false;                      // of 2 MiB
  std::optional<std::uint32_t> numa_node = {};  // nothing: wherever the kernel takes it from
  bool lock = false;                            // never swapped out

  bool operator==(const MemoryOptions&) const = default;
};

inline constexpr std::uint32_t kMostNode = 1023;

/// What came of it.
struct MemoryReport {
  std::uint64_t huge_bytes = 0;             // of the ring segment, in huge pages
  std::vector<std::string> fallbacks = {};  // what was asked for and not granted, in words
};

}  // namespace busbar::shm
