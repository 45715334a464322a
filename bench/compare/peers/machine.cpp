// machine line|sleep|fill|read [size=BYTES]: what the machine itself allows. One line of JSON.
//   line   round trips of a cache line between two cores
//   sleep  round trips of two processes that sleep in a futex
//   fill   one core writes memory again and again; read: reads it
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "../cache_line.hpp"
#include "../cores.hpp"
#include "../payload.hpp"
#include "../process.hpp"
#include "../shared.hpp"
#include "../ticks.hpp"
#include "../trip_times.hpp"

namespace {

using namespace compare;

constexpr std::uint32_t kTrips = 6'000;

struct Bells {
  alignas(128) std::atomic<std::uint32_t> there{0};
  alignas(128) std::atomic<std::uint32_t> back{0};
  alignas(128) TripTimes times;
};

void ring(std::atomic<std::uint32_t>& bell, std::uint32_t n) {
  bell.store(n);
  ::syscall(SYS_futex, &bell, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void sleep_until(std::atomic<std::uint32_t>& bell, std::uint32_t n) {
  for (std::uint32_t seen = bell.load(); seen != n; seen = bell.load()) {
    ::syscall(SYS_futex, &bell, FUTEX_WAIT, seen, nullptr, nullptr, 0);
  }
}

void ask(Bells& bells) {
  pin_to(0);
  std::vector<std::uint32_t> trips(kTrips);
  const TickLength tick;
  for (std::uint32_t n = 1; n <= kTrips; ++n) {
    const std::uint64_t begin = ticks();
    ring(bells.there, n);
    sleep_until(bells.back, n);
    trips[n - 1] = static_cast<std::uint32_t>(ticks() - begin);
  }
  bells.times = trip_times(trips, tick.nanoseconds());
}

TripTimes futex_round_trip() {
  Bells& bells = shared<Bells>();
  const auto quiet = [](const char*) {};
  Process answering(
      [&] {
        pin_to(1);
        for (std::uint32_t n = 1; n <= kTrips; ++n) {
          sleep_until(bells.there, n);
          ring(bells.back, n);
        }
      },
      quiet);
  Process asking([&] { ask(bells); }, quiet);
  while (!asking.has_ended() || !answering.has_ended()) ::usleep(1000);
  return bells.times;
}

/// Bytes a second that `pass` goes over.
template <typename Pass>
double bandwidth(std::size_t size, Pass&& pass) {
  using Clock = std::chrono::steady_clock;
  pin_to(0);
  auto* memory = static_cast<Word*>(shared_memory(size));
  double bytes = 0;
  const auto begin = Clock::now();
  std::chrono::duration<double> took{};
  for (std::uint64_t n = 0; took.count() < 0.15; ++n) {
    const std::size_t repeats = 1 + (1 << 20) / size;
    for (std::size_t i = 0; i < repeats; ++i) pass(memory, size, n + i);
    bytes += static_cast<double>(size * repeats);
    took = Clock::now() - begin;
  }
  return bytes / took.count();
}

void print(const std::string& what, std::size_t size, const double (&lines)[2]) {
  const bool near = lines[0] < 180 && lines[1] < 180;
  const bool far = lines[0] > 250 && lines[1] > 250;
  std::printf("{\"peer\":\"machine\",\"test\":\"%s\",\"size\":%zu,\"mode\":\"%s\",", what.c_str(),
              size,
              near  ? "near"
              : far ? "far"
                    : "mixed");
  std::printf("\"lines\":[%.1f,%.1f]", lines[0], lines[1]);
}

void print(const TripTimes& times) {
  std::printf(",\"trips\":%llu,\"mean\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f",
              static_cast<unsigned long long>(times.count), times.mean, times.p50, times.p99,
              times.p999);
}

void run(const std::string& what, std::size_t size) {
  double lines[2] = {cache_line_round_trip().p50, 0};
  TripTimes times;
  double bytes = 0;
  if (what == "line") {
    times = cache_line_round_trip();
  } else if (what == "sleep") {
    times = futex_round_trip();
  } else if (what == "fill") {
    bytes = bandwidth(size, [](Word* memory, std::size_t count, std::uint64_t n) {
      fill(memory, {count, false}, {0, n});
    });
  } else if (what == "read") {
    Stamp stamp;
    bytes = bandwidth(size, [&](Word* memory, std::size_t count, std::uint64_t) {
      if (check(memory, {count, false}, stamp)) throw std::runtime_error("zeroes are no message");
    });
  } else {
    throw std::invalid_argument("machine line|sleep|fill|read [size=BYTES]");
  }
  lines[1] = cache_line_round_trip().p50;
  print(what, size, lines);
  if (times.count > 0) print(times);
  if (bytes > 0) std::printf(",\"bytes\":%.0f", bytes);
  std::printf("}\n");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::size_t size = 64;
    if (argc > 2 && std::strncmp(argv[2], "size=", 5) == 0) size = std::stoul(argv[2] + 5);
    run(argc > 1 ? argv[1] : "", size);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
