#include <sched.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tests/soak/roles.hpp"
#include "tests/soak/stamp.hpp"

namespace busbar::soak {
namespace {

using Clock = std::chrono::steady_clock;

void require(Outcome outcome, const char* what) {
  if (outcome != Outcome::ok) {
    throw std::runtime_error(std::string(what) + ": " + std::string(to_string(outcome)));
  }
}

void fill(Claim& claim, std::span<const std::byte> bytes, std::uint32_t type) {
  claim.set_type(type);
  std::memcpy(claim.data(), bytes.data(), bytes.size());
}

/// Room for a message, at times more than it needs.
Claim claim_for(Publisher& publisher, std::span<const std::byte> bytes, std::size_t more) {
  const bool fits = bytes.size() + more <= publisher.max_message();
  auto claim = publisher.claim(bytes.size() + (fits ? more : 0));
  require(claim.outcome(), "claim");
  return claim;
}

/// Writes into it, too: what is aborted must not be seen.
void spoil(Claim& claim) {
  if (claim) std::memset(claim.data(), 0xff, claim.size());
}

/// All three ways to send, in turn.
void send(Publisher& publisher, std::span<const std::byte> bytes, std::uint32_t type,
          std::uint64_t n) {
  if (n % 3 == 0) return require(publisher.publish(bytes, type), "publish");
  auto claim = claim_for(publisher, bytes, n % 3 == 1 ? 100 : 0);
  fill(claim, bytes, type);
  claim.commit(bytes.size());
}

/// Before every tenth message one that is aborted; at times while a claim behind it is committed.
void send_and_abort(Publisher& publisher, std::span<const std::byte> bytes, std::uint32_t type,
                    std::uint64_t n) {
  const std::size_t more = mixed(n) % 1000;
  if (n % 10 != 9) {
    auto claim = claim_for(publisher, bytes, n % 2 == 0 ? more : 0);
    fill(claim, bytes, type);
    return claim.commit(bytes.size());
  }
  auto aborted = publisher.claim(std::min(more, publisher.max_message()));
  require(aborted.outcome(), "claim to abort");
  spoil(aborted);
  if (n % 20 == 9) aborted.abort();
  auto claim = publisher.try_claim(bytes.size());
  if (!claim) {  // also where its own open claim is in the way
    aborted.abort();
    claim = claim_for(publisher, bytes, 0);
  }
  fill(claim, bytes, type);
  claim.commit();
}

}  // namespace

void await_go(Account& account) {
  account.ready.fetch_add(1);
  while (!account.go.load()) ::sched_yield();
}

void publish(const Run& run, std::uint32_t self) {
  const Options& options = run.options;
  auto bus = Bus::connect({.name = "soak-publisher", .socket = options.socket});
  auto publisher = bus.publisher(options.channel);
  await_go(run.account);
  Sent& sent = run.account.sent[self];
  const std::uint64_t bytes_to_send = options.bytes / options.publishers;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  for (std::uint64_t n = 0;; ++n) {
    if (options.seconds > 0) {
      if (n % 16 == 0 && Clock::now() >= end) break;
    } else if (sent.bytes.load(std::memory_order_relaxed) >= bytes_to_send) {
      break;
    }
    const auto bytes = run.traffic.bytes(self, n);
    sent.begun.store(n + 1);
    (self < options.aborting ? send_and_abort : send)(publisher, bytes, stamp(self, n), n);
    sent.messages.store(n + 1, std::memory_order_release);
    add(sent.bytes, bytes.size());
  }
  require(publisher.end(), "end");
}

}  // namespace busbar::soak
