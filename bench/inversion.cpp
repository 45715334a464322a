// busbar-inversion BUSBARD [PERIODS]: what a real-time publisher of a shared channel meets when it
// preempts another one inside the claim section, on one processor: how long its publish() takes.
// Alone; beside an ordinary publisher; the same with a busy thread of middle priority that wakes
// with it, which is the inversion; and with all publishers at one priority, which is the remedy.
// Status 77 where SCHED_FIFO is not granted.
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "private_broker.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kChannel = "inversion";
constexpr std::uint32_t kHigh = 20, kMiddle = 10;
constexpr auto kPeriod = 20ms;
constexpr auto kBusy = 5ms;  // of the thread of middle priority, in each period
constexpr int kSkipped = 77;

struct Scene {
  const char* what;
  bool other = false;                                // another publisher
  std::optional<std::uint32_t> other_priority = {};  // nothing: an ordinary one
  bool hog = false;
};

constexpr Scene kScenes[] = {
    {"alone"},
    {"an ordinary publisher beside it", true},
    {"the same, and a thread of middle priority busy for 5 ms", true, {}, true},
    {"the same, all publishers at one priority", true, kHigh, true},
};

std::uint32_t last_processor() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  std::uint32_t last = 0;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) last = cpu;
  }
  return last;
}

void tune(std::uint32_t cpu, std::optional<std::uint32_t> priority) {
  const auto report = busbar::tune_this_thread({.cpu = cpu, .fifo_priority = priority});
  if (report.all_granted()) return;
  std::fputs(report.text().c_str(), stderr);
  std::exit(kSkipped);
}

void sleep_until(Clock::time_point when) {
  const auto since = std::chrono::nanoseconds(when.time_since_epoch()).count();
  const timespec at{static_cast<time_t>(since / 1'000'000'000),
                    static_cast<long>(since % 1'000'000'000)};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
  }
}

class Run {
 public:
  Run(const std::string& socket, const Scene& scene, int periods)
      : socket_(socket), scene_(scene), periods_(periods), begin_(Clock::now() + 100ms) {}

  void measure() {
    std::vector<std::thread> others;
    if (scene_.other) others.emplace_back([this] { publish_much(); });
    if (scene_.hog) others.emplace_back([this] { be_busy(); });
    std::thread([this] { publish_on_time(); }).join();
    over_ = true;
    for (std::thread& other : others) other.join();
    print();
  }

 private:
  // An odd remainder: the moments at which it meets the others differ.
  Clock::time_point turn(int period) const { return begin_ + period * (kPeriod + 37us); }

  void publish_much() {
    tune(cpu_, scene_.other_priority);
    auto bus = busbar::Bus::connect({.name = "other", .socket = socket_});
    auto publisher = bus.publisher(kChannel);
    const std::byte message[8]{};
    while (!over_) {
      for (int i = 0; i < 2000; ++i) publisher.publish(message);
      // One of real time has to let others run; an ordinary one is preempted anyway.
      if (scene_.other_priority) std::this_thread::sleep_for(100us);
    }
  }

  void be_busy() {
    tune(cpu_, kMiddle);
    for (int period = 0; period < periods_; ++period) {
      sleep_until(turn(period));
      for (const auto until = turn(period) + kBusy; Clock::now() < until;) {
      }
    }
  }

  void publish_on_time() {
    tune(cpu_, kHigh);
    auto bus = busbar::Bus::connect({.name = "real time", .socket = socket_});
    auto publisher = bus.publisher(kChannel);
    const std::byte message[8]{};
    for (int period = 0; period < periods_; ++period) {
      sleep_until(turn(period));
      const auto from = Clock::now();
      if (publisher.publish(message) != busbar::Outcome::ok) throw std::runtime_error("publish");
      took_us_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - from).count());
    }
  }

  void print() {
    std::sort(took_us_.begin(), took_us_.end());
    const auto at = [&](std::size_t percent) {
      return took_us_[(took_us_.size() - 1) * percent / 100];
    };
    const auto inverted =
        std::count_if(took_us_.begin(), took_us_.end(), [](double us) { return us > 1000; });
    std::printf("| %s | %.1f us | %.1f us | %.1f us | %td of %zu |\n", scene_.what, at(50), at(99),
                at(100), inverted, took_us_.size());
    std::fflush(stdout);
  }

  std::string socket_;
  const Scene& scene_;
  int periods_;
  Clock::time_point begin_;
  std::uint32_t cpu_ = last_processor();
  std::atomic<bool> over_{false};
  std::vector<double> took_us_;
};

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: busbar-inversion BUSBARD [PERIODS]\n");
    return 2;
  }
  try {
    const int periods = count > 2 ? std::atoi(words[2]) : 500;
    bench::PrivateBroker broker(words[1]);
    busbar::Bus::connect({.name = "bench", .socket = broker.socket()})
        .create(kChannel, {.capacity = 1 << 20, .max_publishers = 2});
    std::printf("| publisher of priority 20 | p50 | p99 | longest | above 1 ms |\n");
    std::printf("|---|--:|--:|--:|--:|\n");
    for (const Scene& scene : kScenes) Run(broker.socket(), scene, periods).measure();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busbar-inversion: %s\n", error.what());
    return 1;
  }
}
