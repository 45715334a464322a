// busbar-set-up SOCKET ROUNDS: what it takes before the first message: registering with the broker,
// opening a channel, creating one. One process, one call at a time; medians, with the quartiles.
#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

template <class Action>
double microseconds(Action action) {
  const auto begin = Clock::now();
  action();
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

void print(const char* what, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t n = samples.size();
  std::printf("%-58s %8.1f us   (%.1f to %.1f)\n", what, samples[n / 2], samples[n / 4],
              samples[n - 1 - n / 4]);
}

void measure(const std::string& socket, int rounds) {
  busbar::Bus keeper = busbar::Bus::connect({.name = "bench", .socket = socket});
  keeper.create("set-up", {.capacity = 4 << 20});
  std::vector<double> connect, publisher, both, subscriber, create;
  for (int round = 0; round < rounds; ++round) {
    connect.push_back(microseconds([&] { busbar::Bus::connect({.socket = socket}); }));
    publisher.push_back(microseconds([&] { keeper.publisher("set-up"); }));
    subscriber.push_back(microseconds([&] { keeper.subscriber("set-up"); }));
    both.push_back(microseconds([&] {
      busbar::Bus bus = busbar::Bus::connect({.socket = socket});
      bus.publisher("set-up");
    }));
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "small-" + std::to_string(i);
    create.push_back(microseconds([&] { keeper.create(name, {.capacity = 64 << 10}); }));
  }
  print("register (connect, hello, welcome) and leave", connect);
  print("open a publisher of a 4 MiB channel and give it back", publisher);
  print("open a subscriber of it and give it back", subscriber);
  print("register, open a publisher, give both back", both);
  print("create a channel of 64 KiB, one of 1,000", create);
  double sum = 0;
  for (const double one : create) sum += one;
  std::printf("%-58s %8.1f ms\n", "create 1,000 channels of 64 KiB, one after the other",
              sum / 1000);
  for (int i = 0; i < 1000; ++i) keeper.remove("small-" + std::to_string(i));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: busbar-set-up SOCKET ROUNDS\n");
    return 2;
  }
  measure(argv[1], std::max(4, std::atoi(argv[2])));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "busbar-set-up: %s\n", error.what());
  return 1;
}
