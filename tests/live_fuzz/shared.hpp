#pragma once

#include <atomic>
#include <cstdint>

namespace busbar::live_fuzz {

inline constexpr std::uint32_t kMostActors = 32;

/// What the processes of a run tell one another.
struct Shared {
  std::atomic<bool> stopping;
  std::atomic<std::uint64_t> steps[kMostActors];  // of each, as long as it gets on
  std::atomic<std::uint64_t> scribbles;
  std::atomic<std::uint64_t> delivered;   // on channels that are spoiled
  std::atomic<std::uint64_t> refused;     // calls there that ended in an error
  std::atomic<std::uint64_t> exact;       // on the channel that is not
  std::atomic<std::uint64_t> wrong;       // on that one
  std::atomic<std::uint64_t> answers;     // of the broker
  std::atomic<std::uint64_t> longest_us;  // that one of them took
};

}  // namespace busbar::live_fuzz
