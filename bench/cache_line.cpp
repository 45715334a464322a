#include "cache_line.hpp"

#include <atomic>
#include <cstdint>
#include <new>

#include "child.hpp"
#include "samples.hpp"

namespace bench {
namespace {

struct Lines {
  alignas(128) std::atomic<std::uint64_t> there{0};
  alignas(128) std::atomic<std::uint64_t> back{0};
};

constexpr int kSamples = 400;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

void answer(Lines& lines) {
  pin_to(1);
  for (std::uint64_t n = 1; n <= std::uint64_t{kSamples} * kTripsPerSample; ++n) {
    while (lines.there.load(std::memory_order_acquire) != n) pause();
    lines.back.store(n, std::memory_order_release);
  }
}

}  // namespace

double cache_line_round_trip() {
  auto& lines = *new (shared_memory(sizeof(Lines))) Lines;
  const pid_t child = start_child([&] { answer(lines); });
  pin_to(0);
  std::uint64_t n = 0;
  const double result = median(time_trips(kSamples, [&] {
    lines.there.store(++n, std::memory_order_release);
    while (lines.back.load(std::memory_order_acquire) != n) pause();
  }));
  join_child(child);
  return result;
}

}  // namespace bench
