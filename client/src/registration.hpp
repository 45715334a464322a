#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "busbar/options.hpp"
#include "common/control/messages.hpp"

namespace busbar {

/// Who this client is to the broker, and to the next one: its session, what proves it, and what of
/// it was lost. hello(), saw_grant() and welcome() by one thread at a time; the rest by any.
class Registration {
 public:
  /// Throws Errc::invalid_name.
  explicit Registration(const ConnectOptions& options);

  /// What to say to a broker: from the second time on with the session that is to go on.
  control::Hello hello() const;
  void saw_grant(std::uint64_t grant) noexcept;
  /// The broker's answer. What does not go on makes orphans of places.
  void welcome(const control::Welcome& welcome);

  /// A session that does not go on is followed by another one; this is its number in this process.
  std::uint32_t life() const noexcept { return life_.load(std::memory_order_acquire); }
  /// Grows whenever is_orphan() may have become true for somebody.
  std::uint32_t losses() const noexcept { return losses_.load(std::memory_order_acquire); }
  /// Whether a place on that channel that was granted in that life is no longer known to the
  /// broker.
  bool is_orphan(std::uint32_t life, std::uint64_t channel_id) const;

 private:
  control::Hello hello_;
  std::atomic<std::uint32_t> life_{0};
  std::atomic<std::uint32_t> losses_{0};
  mutable std::mutex mutex_;      // of what follows
  std::set<std::uint64_t> lost_;  // channels
};

}  // namespace busbar
