#include "tests/soak/roles.hpp"

#include <sched.h>

#include <busbar/busbar.hpp>
#include <cstring>
#include <stdexcept>

namespace busbar::soak {
namespace {

void await_go(Account& account) {
  account.ready.fetch_add(1);
  while (!account.go.load()) ::sched_yield();
}

void require(Outcome outcome, const char* what) {
  if (outcome != Outcome::ok) {
    throw std::runtime_error(std::string(what) + ": " + std::string(to_string(outcome)));
  }
}

/// All three ways to send, in turn.
void send(Publisher& publisher, std::span<const std::byte> bytes, std::uint32_t type,
          std::uint64_t n) {
  if (n % 3 == 0) return require(publisher.publish(bytes, type), "publish");
  const bool roomy = n % 3 == 1 && bytes.size() + 100 <= publisher.max_message();
  auto claim = publisher.claim(bytes.size() + (roomy ? 100 : 0));
  require(claim.outcome(), "claim");
  claim.set_type(type);
  std::memcpy(claim.data(), bytes.data(), bytes.size());
  claim.commit(bytes.size());
  if (n % 64 == 2) publisher.claim(n % 1000).abort();
}

void check(const Message& message, const Traffic& traffic, std::uint64_t (&next)[kMostPublishers],
           Received& got) {
  const std::uint32_t publisher = message.type();
  if (publisher >= kMostPublishers) throw std::runtime_error("a message of nobody");
  const auto expected = traffic.bytes(publisher, next[publisher]++);
  const auto payload = message.payload();
  if (payload.size() != expected.size() ||
      std::memcmp(payload.data(), expected.data(), expected.size()) != 0) {
    got.wrong.fetch_add(1);
  }
  got.messages.store(got.messages.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  got.bytes.store(got.bytes.load(std::memory_order_relaxed) + payload.size(),
                  std::memory_order_relaxed);
  got.order.store(mixed(got.order.load(std::memory_order_relaxed) ^ (publisher + 1)),
                  std::memory_order_relaxed);
}

}  // namespace

void publish(const Plan& plan, const Traffic& traffic, Account& account, std::uint32_t self) {
  auto bus = Bus::connect({.name = "soak-publisher", .socket = plan.socket});
  auto publisher = bus.publisher(plan.channel);
  await_go(account);
  Sent& sent = account.sent[self];
  for (std::uint64_t n = 0; sent.bytes.load(std::memory_order_relaxed) < plan.bytes; ++n) {
    const auto bytes = traffic.bytes(self, n);
    send(publisher, bytes, self, n);
    sent.messages.store(n + 1, std::memory_order_relaxed);
    sent.bytes.store(sent.bytes.load(std::memory_order_relaxed) + bytes.size(),
                     std::memory_order_relaxed);
  }
  require(publisher.end(), "end");
}

void subscribe(const Plan& plan, const Traffic& traffic, Account& account, std::uint32_t self) {
  auto bus = Bus::connect({.name = "soak-subscriber", .socket = plan.socket});
  auto subscriber = bus.subscriber(plan.channel);
  await_go(account);
  Received& got = account.received[self];
  std::uint64_t next[kMostPublishers] = {};
  for (;;) {
    // Both ways to receive, in turn.
    subscriber.poll([&](const Message& message) { check(message, traffic, next, got); }, 50);
    if (subscriber.poll_outcome() == Outcome::ended) break;
    const auto message = subscriber.receive();
    if (message.outcome() == Outcome::ended) break;
    require(message.outcome(), "receive");
    check(message, traffic, next, got);
  }
  got.ended = true;
}

}  // namespace busbar::soak
