// busbar-restart BUSBARD [PAIRS]: the longest time that a subscriber of 64-byte messages waits for
// the next one while its publisher sends as many as it can, in runs in whose midst the broker is
// killed and started again, and in runs that leave it alone, in turn.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "child.hpp"
#include "private_broker.hpp"
#include "samples.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kChannel = "restart";

struct Shared {
  std::atomic<std::uint32_t> ready;
  std::atomic<bool> measuring;
  std::atomic<std::uint64_t> longest_ns;
  std::atomic<std::uint64_t> messages;
};

void publish(const std::string& socket, Shared& shared) {
  auto bus = busbar::Bus::connect({.name = "publisher", .socket = socket});
  auto publisher = bus.publisher(kChannel);
  ++shared.ready;
  const std::byte message[64] = {};
  for (;;) {
    const auto outcome = publisher.publish(message);
    if (outcome != busbar::Outcome::ok) throw std::runtime_error(std::string(to_string(outcome)));
  }
}

void subscribe(const std::string& socket, Shared& shared) {
  auto bus = busbar::Bus::connect({.name = "subscriber", .socket = socket});
  auto subscriber = bus.subscriber(kChannel);
  ++shared.ready;
  for (auto last = Clock::now();;) {
    const auto message = subscriber.receive();
    if (!message) throw std::runtime_error(std::string(to_string(message.outcome())));
    const auto now = Clock::now();
    if (shared.measuring.load(std::memory_order_relaxed)) {
      const auto gap = static_cast<std::uint64_t>((now - last).count());
      if (gap > shared.longest_ns.load(std::memory_order_relaxed)) shared.longest_ns = gap;
      shared.messages.fetch_add(1, std::memory_order_relaxed);
    }
    last = now;
  }
}

/// In milliseconds, of one second.
double longest_gap(Shared& shared, bench::PrivateBroker& broker, bool restart) {
  shared.longest_ns = 0;
  shared.measuring = true;
  std::this_thread::sleep_for(300ms);
  if (restart) {
    broker.kill();
    broker.start();
  }
  std::this_thread::sleep_for(700ms);
  shared.measuring = false;
  if (shared.longest_ns == 0) throw std::runtime_error("nothing is received any more");
  return static_cast<double>(shared.longest_ns.load()) / 1e6;
}

void run(const std::string& busbard, int pairs) {
  auto& shared = *new (bench::shared_memory(sizeof(Shared))) Shared{};
  bench::PrivateBroker broker(busbard);
  std::vector<pid_t> children;
  const auto add = [&](void (*work)(const std::string&, Shared&)) {
    children.push_back(bench::start_child([&] {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(broker.socket(), shared);
    }));
    while (shared.ready != children.size()) std::this_thread::sleep_for(1ms);
  };
  add(subscribe);
  add(publish);
  std::vector<double> with;
  std::vector<double> without;
  std::vector<double> ratios;
  for (int i = 0; i < pairs; ++i) {
    const bool first = i % 2 == 0;
    (first ? with : without).push_back(longest_gap(shared, broker, first));
    (first ? without : with).push_back(longest_gap(shared, broker, !first));
    ratios.push_back(with.back() / without.back());
  }
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  const auto print = [](const char* what, const std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    std::printf("| %s | %.2f ms | %.2f - %.2f ms |\n", what, bench::median(values), *low, *high);
  };
  std::printf("longest gap of a subscriber, %d pairs of runs, %.1f M messages of 64 bytes\n\n",
              pairs, static_cast<double>(shared.messages.load()) / 1e6);
  std::printf("| the broker | median | spread |\n|---|---|---|\n");
  print("is killed and started again", with);
  print("is left alone", without);
  std::printf("\nratio: %.2f\n", bench::median(ratios));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: busbar-restart BUSBARD [PAIRS]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? std::atoi(argv[2]) : 20);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busbar-restart: %s\n", error.what());
    return 1;
  }
}
