#pragma once

#include <atomic>
#include <cstdint>

namespace busbar::soak {

inline constexpr std::uint32_t kMostPublishers = 64;
inline constexpr std::uint32_t kMostSubscribers = 256;

struct Sent {
  std::atomic<std::uint64_t> messages, bytes;
};

struct Received {
  std::atomic<std::uint64_t> messages, bytes, wrong, order;  // order: hash of who came when
  std::atomic<bool> ended;
};

/// What every process did, in memory that they share.
struct Account {
  std::atomic<std::uint32_t> ready;  // processes that have attached
  std::atomic<bool> go;
  Sent sent[kMostPublishers];
  Received received[kMostSubscribers];
};

Account& new_account();

/// Prints a line each; true if every subscriber got exactly what was sent, all in the same order.
bool settle(const Account& account, std::uint32_t publishers, std::uint32_t subscribers,
            double seconds);

}  // namespace busbar::soak
