// sleepers [COUNT]: what a commit costs beside COUNT subscribers that sleep in receive() and that
// it need not wake, and beside none. They are stopped in their sleep: the first commit rings for
// them, all others find nobody to ring for. Two channels in turns, so that both meet the same
// machine; one line of JSON.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../../private_broker.hpp"
#include "../cache_line.hpp"
#include "../cores.hpp"
#include "../payload.hpp"
#include "../process.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 400;
constexpr int kCommits = 4000;  // a round and channel
constexpr compare::Shape kShape{.size = 64};

busbar::Bus connect(const bench::PrivateBroker& broker, const char* name) {
  return busbar::Bus::connect({.name = name, .socket = broker.socket()});
}

void sleep_for_ever(const bench::PrivateBroker& broker) {
  compare::pin_to(1);
  busbar::Bus bus = connect(broker, "sleeper");
  auto subscriber = bus.subscriber("beside", {.delivery = busbar::Delivery::lossy});
  for (;;) subscriber.receive();
}

char state_of(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t at = text.rfind(')');
  return at == std::string::npos ? '?' : text[at + 2];
}

void wait_for(const bench::PrivateBroker& broker, std::size_t sleepers) {
  busbar::Bus bus = connect(broker, "wait");
  while (bus.channel("beside").subscribers.size() < sleepers) ::usleep(1000);
}

/// Long asleep, not just between two looks.
void stop_asleep(pid_t process) {
  for (int asleep = 0; asleep < 50; asleep = state_of(process) == 'S' ? asleep + 1 : 0) {
    ::usleep(1000);
  }
  ::kill(process, SIGSTOP);
}

double nanoseconds_a_commit(busbar::Publisher& publisher) {
  const auto begin = Clock::now();
  for (std::uint64_t n = 0; n < kCommits; ++n) {
    auto claim = publisher.claim(kShape.size);
    if (!claim) throw std::runtime_error("claim failed");
    compare::fill(claim.data(), kShape, {0, n});
    claim.commit();
  }
  const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
  return took.count() / kCommits;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(std::size_t count) {
  bench::PrivateBroker broker(BUSBARD_PATH);
  busbar::Bus bus = connect(broker, "writer");
  const busbar::ChannelInfo channel = bus.create("alone", {.capacity = 64 << 10});
  bus.create("beside", {.capacity = 64 << 10});
  std::vector<compare::Process> sleepers;
  sleepers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    sleepers.emplace_back([&] { sleep_for_ever(broker); },
                          [](const char* what) { std::fprintf(stderr, "%s\n", what); });
  }
  wait_for(broker, count);
  for (const compare::Process& sleeper : sleepers) stop_asleep(sleeper.pid());
  compare::pin_to(0);
  busbar::Publisher alone = bus.publisher("alone");
  busbar::Publisher beside = bus.publisher("beside");
  const double before = compare::cache_line_round_trip().p50;
  std::vector<double> each_alone, each_beside, added;
  for (int round = 0; round < kRounds; ++round) {
    const bool first = round % 2 == 0;
    const double one = nanoseconds_a_commit(first ? alone : beside);
    const double two = nanoseconds_a_commit(first ? beside : alone);
    if (round < 2) continue;  // rings, and pages that are touched first
    each_alone.push_back(first ? one : two);
    each_beside.push_back(first ? two : one);
    added.push_back(each_beside.back() - each_alone.back());
  }
  const double after = compare::cache_line_round_trip().p50;
  std::printf("{\"peer\":\"sleepers\",\"test\":\"sleepers\",\"sleepers\":%zu,", count);
  std::printf("\"mode\":\"%s\",\"lines\":[%.1f,%.1f],",
              before < 180 && after < 180   ? "near"
              : before > 250 && after > 250 ? "far"
                                            : "mixed",
              before, after);
  std::printf("\"alone_ns\":%.2f,\"beside_ns\":%.2f,\"added_ns\":%.2f,", median(each_alone),
              median(each_beside), median(added));
  std::printf("\"beyond_capacity\":%llu}\n",
              static_cast<unsigned long long>(channel.memory - channel.capacity));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
