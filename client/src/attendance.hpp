#pragma once

#include <atomic>
#include <cstdint>

#include "client/src/connection.hpp"

namespace busbar {

/// Whether the broker still knows a place: what its holder asks on slow paths, so that a client
/// that never asks the broker for anything comes back to it too. One thread at a time.
class Attendance {
 public:
  Attendance(Connection& connection, const std::atomic<std::uint64_t>& broker_epoch,
             std::uint32_t life, std::uint64_t channel_id) noexcept
      : connection_(connection),
        broker_epoch_(broker_epoch),
        seen_epoch_(broker_epoch.load(std::memory_order_relaxed)),
        life_(life),
        channel_id_(channel_id) {}

  /// Never waits, never throws. False once the place is an orphan: no broker knows its ring, and
  /// none will.
  bool look() noexcept;

  /// Whether a broker has adopted the channel since the last look, or a look is over due anyway:
  /// for paths that are often taken, one load.
  bool is_due() noexcept {
    return is_orphan_ || broker_epoch_.load(std::memory_order_relaxed) != seen_epoch_ ||
           ++passes_ % kPasses == 0;
  }
  bool is_orphan() const noexcept { return is_orphan_; }

 private:
  static constexpr std::uint32_t kPasses = 1024;

  Connection& connection_;
  const std::atomic<std::uint64_t>& broker_epoch_;
  std::uint64_t seen_epoch_;
  std::uint32_t seen_losses_ = 0;
  std::uint32_t passes_ = 0;
  const std::uint32_t life_;
  const std::uint64_t channel_id_;
  bool is_orphan_ = false;
};

}  // namespace busbar
