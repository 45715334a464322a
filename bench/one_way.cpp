#include <busbar/busbar.hpp>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "child.hpp"
#include "workload.hpp"

namespace bench {
namespace {

constexpr int kBatch = 256;

/// Every 8 bytes of message n hold n.
void fill(std::byte* data, std::size_t size, std::uint64_t n) {
  for (std::size_t i = 0; i + 8 <= size; i += 8) std::memcpy(data + i, &n, 8);
}

void check(const busbar::Message& message, std::uint64_t n) {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i + 8 <= message.payload().size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, message.payload().data() + i, 8);
    wrong |= word ^ n;
  }
  if (wrong != 0) throw std::runtime_error("a message has changed");
}

void receive_all(busbar::Subscriber& subscriber, std::uint64_t messages) {
  for (std::uint64_t n = 0; n < messages; ++n) check(subscriber.receive(), n);
}

void poll_all(busbar::Subscriber& subscriber, std::uint64_t messages) {
  std::uint64_t n = 0;
  while (n < messages) {
    if (subscriber.poll([&](const busbar::Message& message) { check(message, n++); }, kBatch) > 0) {
      continue;
    }
    check(subscriber.receive(), n++);  // waits by the wait policy
  }
}

std::string channel_of(const Workload& workload) {
  return "bench-one-way-" + std::to_string(workload.capacity);
}

void read(const Workload& workload) {
  pin_to(1);
  auto bus = busbar::Bus::connect({.name = "bench-read", .socket = workload.socket});
  auto subscriber = bus.subscriber(channel_of(workload));
  bus.publisher("bench-ready").publish({});
  (workload.poll ? poll_all : receive_all)(subscriber, workload.messages);
}

}  // namespace

double one_way(const Workload& workload) {
  const std::string channel = channel_of(workload);
  auto bus = busbar::Bus::connect({.name = "bench-write", .socket = workload.socket});
  bus.create(channel, {.capacity = workload.capacity});
  auto ready = bus.subscriber("bench-ready");
  const pid_t child = start_child([&] { read(workload); });
  pin_to(0);
  auto publisher = bus.publisher(channel);
  ready.receive();
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t n = 0; n < workload.messages; ++n) {
    auto claim = publisher.claim(workload.size);
    if (!claim) throw std::runtime_error("claim failed");
    fill(claim.data(), workload.size, n);
    claim.commit();
  }
  join_child(child);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(workload.messages) / took.count();
}

}  // namespace bench
