#include <busbar/busbar.hpp>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "child.hpp"
#include "samples.hpp"
#include "workload.hpp"

namespace bench {
namespace {

constexpr int kSamples = 2000;

void send(busbar::Publisher& publisher, const std::vector<std::byte>& message) {
  if (publisher.publish(message) != busbar::Outcome::ok) throw std::runtime_error("publish failed");
}

busbar::Bus connect(const Workload& workload, const char* name) {
  return busbar::Bus::connect({.name = name, .socket = workload.socket});
}

void answer(const Workload& workload) {
  pin_to(1);
  auto bus = connect(workload, "bench-answer");
  auto requests = bus.subscriber("bench-there");
  auto replies = bus.publisher("bench-back");
  const std::vector<std::byte> message(workload.size);
  send(replies, message);  // ready
  for (int n = 0; n < kSamples * kTripsPerSample; ++n) {
    if (!requests.receive()) throw std::runtime_error("receive failed");
    send(replies, message);
  }
}

}  // namespace

double round_trip(const Workload& workload) {
  auto bus = connect(workload, "bench-ask");
  for (const char* channel : {"bench-there", "bench-back"}) {
    bus.create(channel, {.capacity = workload.capacity});
  }
  auto replies = bus.subscriber("bench-back");
  const pid_t child = start_child([&] { answer(workload); });
  pin_to(0);
  auto requests = bus.publisher("bench-there");
  const std::vector<std::byte> message(workload.size);
  replies.receive();
  const double result = median(time_trips(kSamples, [&] {
    send(requests, message);
    if (!replies.receive()) throw std::runtime_error("receive failed");
  }));
  join_child(child);
  return result;
}

}  // namespace bench
