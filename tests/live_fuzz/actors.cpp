#include "tests/live_fuzz/actors.hpp"

#include <busbar/busbar.hpp>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "tests/soak/traffic.hpp"

namespace busbar::live_fuzz {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Again and again until the end; what the library says is no failure.
void again_and_again(const Scene& scene, const std::function<void()>& once) {
  while (!scene.shared.stopping.load()) {
    try {
      once();
    } catch (const Error&) {
      scene.shared.refused.fetch_add(1, std::memory_order_relaxed);
      std::this_thread::sleep_for(1ms);
    }
    scene.steps.fetch_add(1, std::memory_order_relaxed);
  }
}

Bus connect(const Scene& scene, const char* name) {
  return Bus::connect({.name = name, .socket = scene.socket, .timeout = 10s});
}

/// Some claims, in every way; false if there is nothing more to claim.
bool claim_some(Publisher& publisher, std::mt19937_64& random, bool may_wait) {
  const auto claim = [&] {
    const std::size_t size = random() % 600;
    Claim one = may_wait && random() % 4 == 0 ? publisher.claim(size) : publisher.try_claim(size);
    if (one) std::memset(one.data(), 0x5a, one.size());
    return one;
  };
  std::vector<Claim> claims;
  for (std::uint64_t i = random() % 4; i > 0; --i) {
    Claim one = claim();
    if (one.outcome() == Outcome::closed || one.outcome() == Outcome::ended) return false;
    if (one) claims.push_back(std::move(one));
  }
  switch (random() % 4) {
    case 0:
      publisher.commit(claims);
      break;
    case 1:
      for (Claim& one : claims) one.commit(one.size() / 2);
      break;
    case 2:
      while (!claims.empty()) {
        claims.back().commit();
        claims.pop_back();
      }
      break;
    default:
      break;  // aborted
  }
  return true;
}

/// Looks at every byte.
void touch(const Message& message, Shared& shared) {
  unsigned sum = 0;
  for (const std::byte byte : message.payload()) sum += std::to_integer<unsigned>(byte);
  asm volatile("" : : "r"(sum));
  shared.delivered.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void remove_if_there(Bus& bus, const char* channel) {
  try {
    bus.remove(channel, true);
  } catch (const Error& error) {
    if (error.errc() != Errc::no_such_channel) throw;
  }
}

void create_spoiled(const std::string& socket) {
  auto bus = Bus::connect({.name = "creator", .socket = socket, .timeout = 10s});
  for (const char* name : kSpoiled) {
    const ChannelOptions options{
        .capacity = 16384,
        .block_timeout = 10ms,
        .max_publishers = std::string_view(name).starts_with("solo") ? 1u : 6u,
        .max_subscribers = 8};
    for (bool made = false; !made;) {
      try {
        bus.create(name, options);
        made = true;
      } catch (const Error& error) {
        // A member was faster, and got one with the broker's defaults.
        if (error.errc() != Errc::channel_exists) throw;
        remove_if_there(bus, name);
      }
    }
  }
}

void publish_on(const Scene& scene, const std::string& channel, bool may_wait) {
  std::mt19937_64 random(scene.seed);
  again_and_again(scene, [&] {
    auto bus = connect(scene, "honest-publisher");
    auto publisher = bus.publisher(channel);
    for (std::uint64_t i = random() % 3000; i > 0 && !scene.shared.stopping.load(); --i) {
      if (!claim_some(publisher, random, may_wait)) break;
      scene.steps.fetch_add(1, std::memory_order_relaxed);
    }
    if (may_wait && random() % 8 == 0) publisher.end();
  });
}

void subscribe_to(const Scene& scene, const std::string& channel) {
  std::mt19937_64 random(scene.seed);
  again_and_again(scene, [&] {
    auto bus = connect(scene, "honest-subscriber");
    SubscriberOptions options;
    if (random() % 2 == 0) options.delivery = Delivery::lossy;
    if (random() % 2 == 0) options.start = Start::oldest();
    auto subscriber = bus.subscriber(channel, options);
    std::deque<Message> kept;
    for (std::uint64_t i = random() % 1000; i > 0 && !scene.shared.stopping.load(); --i) {
      scene.steps.fetch_add(1, std::memory_order_relaxed);
      if (random() % 2 == 0) {
        subscriber.poll([&](const Message& message) { touch(message, scene.shared); }, 50);
        continue;
      }
      Message message = random() % 2 == 0 ? subscriber.receive(5ms) : subscriber.try_receive();
      if (message.outcome() == Outcome::closed || message.outcome() == Outcome::evicted) break;
      if (!message) continue;
      touch(message, scene.shared);
      kept.push_back(std::move(message));
      if (kept.size() > random() % 9)
        kept.erase(kept.begin() + static_cast<int>(random() % kept.size()));
      for (const Message& one : kept) touch(one, scene.shared);
    }
  });
}

void publish_exactly(const Scene& scene) {
  auto bus = connect(scene, "exact-publisher");
  auto publisher = bus.publisher(kExact);
  const soak::Traffic traffic(8, 1000);
  for (std::uint64_t n = 0; !scene.shared.stopping.load(); ++n) {
    if (publisher.publish(traffic.bytes(0, n), static_cast<std::uint32_t>(n)) != Outcome::ok) {
      scene.shared.wrong.fetch_add(1);
    }
    scene.steps.fetch_add(1, std::memory_order_relaxed);
    if (n % 64 == 0) std::this_thread::sleep_for(100us);  // or it is all that the machine does
  }
  publisher.end();
}

void subscribe_exactly(const Scene& scene) {
  auto bus = connect(scene, "exact-subscriber");
  auto subscriber = bus.subscriber(kExact);
  const soak::Traffic traffic(8, 1000);
  scene.steps.fetch_add(1);  // it has its seat
  for (std::uint64_t n = 0;; ++n) {
    const Message message = subscriber.receive(20s);
    if (message.outcome() == Outcome::ended) return;
    const auto expected = traffic.bytes(0, n);
    const auto payload = message.payload();
    if (!message || message.type() != static_cast<std::uint32_t>(n) ||
        payload.size() != expected.size() ||
        std::memcmp(payload.data(), expected.data(), expected.size()) != 0) {
      scene.shared.wrong.fetch_add(1);
      return;
    }
    scene.shared.exact.store(n + 1, std::memory_order_relaxed);
    scene.steps.fetch_add(1, std::memory_order_relaxed);
  }
}

void ask(const Scene& scene) {
  std::mt19937_64 random(scene.seed);
  auto bus = connect(scene, "asker");
  const auto timed = [&](const auto& call) {
    const auto begin = Clock::now();
    try {
      call();
    } catch (const Error& error) {
      if (error.errc() != Errc::no_such_channel) throw;
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
    const auto took_us = static_cast<std::uint64_t>(took.count());
    if (took_us > scene.shared.longest_us.load()) scene.shared.longest_us = took_us;
    scene.shared.answers.fetch_add(1, std::memory_order_relaxed);
    scene.steps.fetch_add(1, std::memory_order_relaxed);
  };
  for (std::uint64_t round = 1; !scene.shared.stopping.load(); ++round) {
    timed([&] { bus.channels(); });
    timed([&] { bus.clients(); });
    timed([&] { bus.broker(); });
    for (const char* name : kSpoiled) {
      timed([&] { bus.channel(name); });
      if (round % 100 == 0) timed([&] { bus.remove(name, true); });
    }
    timed([&] { create_spoiled(scene.socket); });
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace busbar::live_fuzz
