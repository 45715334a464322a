#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace busbar::sync {

/// Sleeps while `word` is `expected`, at most `span` on the monotonic clock. Returns early on a
/// wake, a signal or for no reason: the caller looks again. Works between processes.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds span) noexcept;

/// Wakes at most `count` sleepers. Async-signal-safe.
void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept;

}  // namespace busbar::sync
