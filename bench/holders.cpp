// busbar-holders SOCKET [ROUNDS [KEEP_MS [WHICH]]]: a publisher's rate with and without subscribers
// that keep messages in place, in turns on two channels; only lines that contain WHICH.
// `scripts/bench.sh holders` starts the broker.
#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "child.hpp"
#include "keeper.hpp"
#include "samples.hpp"

namespace {

using namespace std::chrono_literals;
using bench::Keeping;
using bench::Kept;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kCapacity = 1 << 20;
constexpr auto kTurn = 1s;
constexpr int kBetweenLooksAtTheClock = 1000;

void say_ready(const Keeping& keeping) {
  busbar::Bus::connect({.name = "bench-ready", .socket = keeping.socket})
      .publisher("bench-ready")
      .publish({});
}

/// A channel with its publisher, which is this process, and its subscribers, which are children.
class Side {
 public:
  Side(busbar::Bus& bus, const Keeping& keeping)
      : keeping_(keeping), kept_(new (bench::shared_memory(2 * sizeof(Kept))) Kept[2]) {
    bus.create(keeping.channel, {.capacity = kCapacity, .max_publishers = 1});
    auto ready = bus.subscriber("bench-ready");
    children_.push_back(bench::start_child([&] { keep_and_read(keeping_, kept_[0], say_ready); }));
    ready.receive();
    publisher_ = bus.publisher(keeping.channel);
    if (!keeping.tap) return;
    children_.push_back(bench::start_child([&] { keep_one(keeping_, kept_[1], say_ready); }));
    ready.receive();
  }

  /// Millions of messages a second, as fast as it can for so long.
  /// Not inlined: each copy would be another program, some 30 % faster or slower than the next.
  [[gnu::noinline]] double publish(Clock::duration duration) {
    const auto begin = Clock::now();
    const std::uint64_t first = sent_;
    auto now = begin;
    for (; now - begin < duration; now = Clock::now()) {
      for (int i = 0; i < kBetweenLooksAtTheClock; ++i) send();
    }
    const std::chrono::duration<double, std::micro> took = now - begin;
    return static_cast<double>(sent_ - first) / took.count();
  }

  void end() {
    publisher_->end();
    publisher_.reset();
    for (const pid_t child : children_) bench::join_child(child);
    if (kept_[0].messages != sent_) throw std::runtime_error("messages are missing");
  }

  const Kept& kept() const { return kept_[0]; }
  std::uint64_t changed() const { return kept_[0].changed + kept_[1].changed; }

 private:
  void send() {
    auto claim = publisher_->claim(keeping_.size);
    if (!claim) throw std::runtime_error("claim: " + std::string(to_string(claim.outcome())));
    std::byte* const data = claim.data();
    const std::uint64_t n = sent_++;
    for (std::size_t i = 0; i + 8 <= claim.size(); i += 8) std::memcpy(data + i, &n, 8);
    claim.commit();
  }

  Keeping keeping_;
  Kept* kept_;
  std::vector<pid_t> children_;
  std::optional<busbar::Publisher> publisher_;
  std::uint64_t sent_ = 0;
};

std::string spread(const std::vector<double>& values, const char* format) {
  char text[64];
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::snprintf(text, sizeof text, format, bench::median(values), *low, *high);
  return text;
}

/// What the rounds of one line found.
struct Rates {
  std::vector<double> a, b, ratios;
  std::uint64_t kept = 0;
  std::uint64_t changed = 0;
};

void take_turns(Side& a, Side& b, const Keeping& keeping, int rounds, Rates& rates) {
  a.publish(kTurn);
  b.publish(keeping.keep == 0 ? Clock::duration(kTurn) : keeping.keep_for);  // all are there
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 0) rates.a.push_back(a.publish(kTurn));
    rates.b.push_back(b.publish(kTurn));
    if (round % 2 != 0) rates.a.push_back(a.publish(kTurn));
    rates.ratios.push_back(rates.b.back() / rates.a.back());
  }
  a.end();
  b.end();
  rates.kept += b.kept().kept;
  rates.changed += b.changed();
}

void compare(busbar::Bus& bus, const char* name, Keeping keeping, int rounds) {
  Keeping plain = keeping;
  plain.keep = 0;
  plain.tap = false;
  plain.channel = "bench-plain";
  keeping.channel = "bench-holders";
  Rates rates;
  // Each is made first once: memory that is had earlier may be better memory.
  for (const bool plain_first : {true, false}) {
    Side one(bus, plain_first ? plain : keeping);
    Side other(bus, plain_first ? keeping : plain);
    take_turns(plain_first ? one : other, plain_first ? other : one, keeping, (rounds + 1) / 2,
               rates);
    for (const std::string& channel : {plain.channel, keeping.channel}) bus.remove(channel);
  }
  std::printf("| %s | %s | %s | %s | %llu | %llu |\n", name,
              spread(rates.a, "%.2f M/s (%.2f - %.2f)").c_str(),
              spread(rates.b, "%.2f M/s (%.2f - %.2f)").c_str(),
              spread(rates.ratios, "%.3f (%.3f - %.3f)").c_str(),
              static_cast<unsigned long long>(rates.kept),
              static_cast<unsigned long long>(rates.changed));
  std::fflush(stdout);
}

void run(const std::string& socket, int rounds, std::chrono::milliseconds keep_for,
         const std::string& which) {
  bench::pin_to(0);
  auto bus = busbar::Bus::connect({.name = "bench-holders", .socket = socket});
  std::printf("| what | A | B | B / A | kept in B | changed |\n|---|---|---|---|---|---|\n");
  for (const std::size_t size : {64, 4096}) {
    for (const bool poll : {false, true}) {
      const std::string how = std::to_string(size) + " B, " + (poll ? "poll(256)" : "receive()");
      const std::size_t most = poll ? 8 : 7;  // receive() itself needs a place
      const auto line = [&](const std::string& what, std::size_t keep, bool tap) {
        if ((how + ", " + what).find(which) == std::string::npos) return;
        compare(bus, (how + ", " + what).c_str(),
                {.socket = socket,
                 .channel = {},
                 .size = size,
                 .poll = poll,
                 .keep = keep,
                 .keep_for = keep_for,
                 .tap = tap},
                rounds);
      };
      line(std::to_string(most) + " kept, and a tap", most, true);
      line(std::to_string(most) + " kept", most, false);
      line("a tap", 0, true);
      line("the same as A", 0, false);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: busbar-holders SOCKET [ROUNDS [KEEP_MS [WHICH]]]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? std::atoi(argv[2]) : 10,
        std::chrono::milliseconds(argc > 3 ? std::atoi(argv[3]) : 10'000), argc > 4 ? argv[4] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busbar-holders: %s\n", error.what());
    return 1;
  }
}
