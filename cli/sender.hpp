#pragma once

#include <busbar/publisher.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "cli/transfer_stats.hpp"

namespace busbar::cli {

/// A publisher that waits for room until it is interrupted, and counts.
///
/// Every call throws Interrupted after a signal and Failure when the channel is closed.
class Sender {
 public:
  explicit Sender(Publisher& publisher) noexcept
      : publisher_(publisher), max_message_(publisher.max_message()) {}

  /// Copies one message into the ring, or counts it as dropped.
  void send(std::span<const std::byte> message);

  /// Room to write one message into; empty if the message was dropped, and counted.
  Claim claim(std::size_t size);
  void commit(Claim claim, std::size_t used);

  void end();

  /// Throws Failure if `size` is more than the channel takes: `line 17 has 70000 bytes, ...`.
  /// `what` is a callable, because its text is needed for that only.
  template <typename What>
  void check_size(std::size_t size, What&& what, bool at_least = false) const {
    if (size > max_message_) throw_too_large(what(), size, at_least);
  }

  std::size_t max_message() const noexcept { return max_message_; }
  std::uint64_t dropped() const noexcept { return dropped_; }
  const TransferStats& stats() const noexcept { return stats_; }

 private:
  [[noreturn]] void throw_too_large(const std::string& what, std::size_t size, bool at_least) const;
  void handle(Outcome outcome);

  Publisher& publisher_;
  std::size_t max_message_;
  TransferStats stats_;
  std::uint64_t dropped_ = 0;
  bool told_of_waiting_ = false;
};

}  // namespace busbar::cli
