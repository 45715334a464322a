#pragma once

#include <atomic>
#include <cstdint>

#include "tests/soak/options.hpp"

namespace busbar::soak {

inline constexpr std::uint32_t kMostPublishers = 64;
inline constexpr std::uint32_t kMostSubscribers = 256;

struct Sent {
  std::atomic<std::uint64_t> begun, messages, bytes;  // begun: before the claim; others: behind it
};

struct Received {
  std::atomic<std::uint64_t> messages, bytes;
  std::atomic<std::uint64_t> wrong;  // bytes that are not what was sent, at any look
  std::atomic<std::uint64_t> order;  // hash of who came when
  std::atomic<bool> ended;
  // Lossy ones, over all their sessions:
  std::atomic<std::uint64_t> lost, overruns, sessions;
  std::atomic<std::uint64_t> looks;       // at bytes that were looked at before
  std::atomic<std::uint64_t> counted;     // messages whose place among all was checked
  std::atomic<std::uint64_t> miscounted;  // of them and of sessions: not what lost() says
  std::atomic<std::uint64_t> most_held;
};

/// Adds by one writer.
inline void add(std::atomic<std::uint64_t>& value, std::uint64_t amount = 1) {
  value.store(value.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// What every process did, in memory that they share.
struct Account {
  std::atomic<std::uint32_t> ready;  // processes that have attached
  std::atomic<bool> go;
  std::atomic<bool> finished;  // the publishers are done
  Sent sent[kMostPublishers];
  Received received[kMostSubscribers];  // reliable ones, then lossy ones, then joiners

  /// By claim: how many messages came before it, and 1; 0 is not known. By the first reliable
  /// subscriber, for the lossy ones.
  static constexpr std::uint64_t kMostClaims = 1 << 27;
  std::atomic<std::uint32_t> place[kMostClaims];

  std::uint64_t all_begun() const;
  std::uint64_t all_messages() const;
};

Account& new_account();

/// Prints a line each; true if every reliable subscriber got exactly what was sent, all in the same
/// order, and every lossy one knows exactly what it missed.
bool settle(const Account& account, const Options& options, double seconds, std::uint64_t laps);

}  // namespace busbar::soak
