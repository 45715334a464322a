#include "cache_line.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "cores.hpp"
#include "process.hpp"
#include "shared.hpp"
#include "ticks.hpp"
#include "trip_times.hpp"

namespace compare {
namespace {

struct Lines {
  alignas(128) std::atomic<std::uint64_t> there{0};
  alignas(128) std::atomic<std::uint64_t> back{0};
  alignas(128) TripTimes times;
};

constexpr std::uint64_t kTrips = 12'000;

void answer(Lines& lines) {
  pin_to(1);
  for (std::uint64_t n = 1; n <= kTrips; ++n) {
    while (lines.there.load(std::memory_order_acquire) != n) pause();
    lines.back.store(n, std::memory_order_release);
  }
}

void ask(Lines& lines) {
  pin_to(0);
  std::vector<std::uint32_t> trips(kTrips);
  const TickLength tick;
  for (std::uint64_t n = 1; n <= kTrips; ++n) {
    const std::uint64_t begin = ticks();
    lines.there.store(n, std::memory_order_release);
    while (lines.back.load(std::memory_order_acquire) != n) pause();
    trips[n - 1] = static_cast<std::uint32_t>(ticks() - begin);
  }
  lines.times = trip_times(trips, tick.nanoseconds());
}

void wait_for(Process& process) {
  while (!process.has_ended()) ::usleep(200);
  if (!process.is_fine()) throw std::runtime_error("the probe of the cache line failed");
}

}  // namespace

TripTimes cache_line_round_trip() {
  static Lines& lines = shared<Lines>();
  lines.there = 0;
  lines.back = 0;
  const auto quiet = [](const char*) {};
  Process answering([&] { answer(lines); }, quiet);
  Process asking([&] { ask(lines); }, quiet);
  wait_for(asking);
  wait_for(answering);
  return lines.times;
}

}  // namespace compare
