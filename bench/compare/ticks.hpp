#pragma once

#include <chrono>
#include <cstdint>

namespace compare {

/// A clock cheap enough to time a single trip; its unit is found by TickLength.
inline std::uint64_t ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// How long a tick is, from its construction to the call.
class TickLength {
 public:
  double nanoseconds() const {
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin_;
    return time.count() / static_cast<double>(ticks() - ticks_);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::uint64_t ticks_ = ticks();
};

}  // namespace compare
