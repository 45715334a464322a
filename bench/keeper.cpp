#include "keeper.hpp"

#include <algorithm>
#include <busbar/busbar.hpp>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

#include "child.hpp"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatch = 256;
constexpr int kPatience = 20'000;  // polls that find nothing
constexpr std::chrono::milliseconds kNap{100};

std::uint64_t checksum(const busbar::Message& message) {
  std::uint64_t sum = message.payload().size();
  for (const std::byte byte : message.payload()) {
    sum = (sum ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3;
  }
  return sum;
}

/// Messages that are kept in place, oldest first.
class Shelf {
 public:
  Shelf(const Keeping& keeping, Kept& kept) : keeping_(keeping), kept_(kept) {}

  /// Whether it is time to keep one more: they come evenly, so that they lie apart in the ring.
  bool wants_one(Clock::time_point now) const {
    return held_.size() < keeping_.keep &&
           (held_.empty() || now - held_.back().since >= keeping_.keep_for / keeping_.keep);
  }
  void keep(busbar::Message message, Clock::time_point now) {
    const std::uint64_t sum = checksum(message);
    held_.push_back({std::move(message), sum, now});
    kept_.most_held = std::max(kept_.most_held, std::uint64_t{held_.size()});
  }
  void let_go_of_old(Clock::time_point now) {
    while (!held_.empty() && now - held_.front().since >= keeping_.keep_for) let_go();
  }
  void let_go_of_all() {
    while (!held_.empty()) let_go();
  }

 private:
  struct Held {
    busbar::Message message;
    std::uint64_t checksum;
    Clock::time_point since;
  };
  void let_go() {
    ++kept_.kept;
    if (checksum(held_.front().message) != held_.front().checksum) ++kept_.changed;
    held_.pop_front();
  }

  const Keeping& keeping_;
  Kept& kept_;
  std::deque<Held> held_;
};

/// Every 8 bytes of message n hold n.
void check(const busbar::Message& message, Kept& kept) {
  const std::uint64_t n = kept.messages++;
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i + 8 <= message.payload().size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, message.payload().data() + i, 8);
    wrong |= word ^ n;
  }
  if (wrong != 0) throw std::runtime_error("a message is missing or has changed");
}

/// False at the end of the stream.
bool go_on(busbar::Outcome outcome) {
  if (outcome == busbar::Outcome::ended) return false;
  if (outcome != busbar::Outcome::timeout && outcome != busbar::Outcome::empty) {
    throw std::runtime_error("receive: " + std::string(to_string(outcome)));
  }
  return true;
}

bool receive_some(busbar::Subscriber& subscriber, Kept& kept) {
  for (int n = 0; n < kBatch; ++n) {
    const auto message = subscriber.receive(kNap);
    if (!message) return go_on(message.outcome());
    check(message, kept);
  }
  return true;
}

/// Needs no place of its own, so that all 8 may be taken.
bool poll_some(busbar::Subscriber& subscriber, Kept& kept) {
  static int in_vain = 0;
  const auto visit = [&](const busbar::Message& message) { check(message, kept); };
  const int count = subscriber.poll(visit, kBatch);
  const busbar::Outcome outcome = subscriber.poll_outcome();
  if (outcome != busbar::Outcome::ok && !go_on(outcome)) return false;
  if (count > 0) {
    in_vain = 0;
  } else if (++in_vain > kPatience) {  // it is the other channel's turn: leave it the core
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace

void keep_and_read(const Keeping& keeping, Kept& kept, void (*ready)(const Keeping&)) {
  pin_to(1);
  auto bus = busbar::Bus::connect({.name = "bench-keep", .socket = keeping.socket});
  auto subscriber = bus.subscriber(keeping.channel);
  Shelf shelf(keeping, kept);
  ready(keeping);
  for (;;) {
    const auto now = Clock::now();
    shelf.let_go_of_old(now);
    if (shelf.wants_one(now)) {
      auto message = subscriber.receive(kNap);
      if (message) {
        check(message, kept);
        shelf.keep(std::move(message), now);
      }
    }
    if (!(keeping.poll ? poll_some : receive_some)(subscriber, kept)) break;
  }
  shelf.let_go_of_all();
}

void keep_one(const Keeping& keeping, Kept& kept, void (*ready)(const Keeping&)) {
  pin_to(1);
  auto bus = busbar::Bus::connect({.name = "bench-tap", .socket = keeping.socket});
  auto subscriber = bus.subscriber(keeping.channel, {.delivery = busbar::Delivery::lossy});
  ready(keeping);
  const auto message = subscriber.receive();
  const std::uint64_t sum = checksum(message);
  kept.messages = 1;
  kept.most_held = 1;
  while (bus.channel(keeping.channel).publishers.size() > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  kept.kept = 1;
  if (checksum(message) != sum) kept.changed = 1;
}

}  // namespace bench
