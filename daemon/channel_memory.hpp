#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "common/control/messages.hpp"
#include "common/ring/format.hpp"
#include "common/shm/mapping.hpp"
#include "common/shm/memory_options.hpp"
#include "common/shm/segment.hpp"
#include "config/channel_plan.hpp"
#include "daemon/torn_memory.hpp"

namespace busbar::daemon {

/// Both segments of a channel, mapped. Destruction removes their names, unless they are to outlive
/// the broker, and gives the memory back as far as no member has it mapped; it may take long, as
/// creation may. Any one thread at a time, but for settle().
class ChannelMemory {
 public:
  /// Creates and formats segments NAME-ring and NAME-seats and puts this process down as their
  /// broker, that of `epoch`. Throws Errc::limit if there is no room, Errc::system; leaves nothing
  /// behind.
  ChannelMemory(const config::ChannelPlan& plan, const std::string& name, std::uint64_t epoch);
  /// Takes over what an earlier broker has created; that outlives this one too. Throws
  /// Errc::damaged or Errc::version (then the segments are as they were).
  ChannelMemory(const ring::Settings& settings, shm::Segment ring, shm::Segment seats);
  ~ChannelMemory();
  ChannelMemory(const ChannelMemory&) = delete;
  ChannelMemory& operator=(const ChannelMemory&) = delete;

  const ring::RingView& view() const noexcept { return view_; }

  /// Subscribers get the ring to read only.
  int ring_fd(control::Role role) const noexcept;
  int seats_fd() const noexcept { return seats_.writable_fd(); }
  /// Of both segments, without its last part.
  std::string name() const;

  /// What its options ask of the machine beyond having it, carried out as far as the system grants
  /// that. Done when it is created, and again for what was taken over: huge pages stay, a lock does
  /// not. Takes long; beside anything that others do.
  shm::MemoryReport settle(const shm::MemoryOptions& options) const;
  /// What came of it; nothing for what was taken over, until that is set.
  const shm::MemoryReport& report() const noexcept { return report_; }
  void set_report(shm::MemoryReport report) { report_ = std::move(report); }

  /// Whether a member has cut it short.
  bool torn() const noexcept { return ring_guard_->torn() || seats_guard_->torn(); }

  /// Whether the names stay when this is destroyed: for a next broker.
  void set_outlives(bool outlives) noexcept { outlives_ = outlives; }

  /// Removes the names; members keep their mappings.
  void unlink() noexcept;

 private:
  struct Created {
    shm::Segment ring, seats;
  };
  explicit ChannelMemory(Created created);
  static Created create(const config::ChannelPlan& plan, const std::string& name);
  void map(const ring::Settings& settings);

  std::atomic<bool> outlives_ = false;
  shm::Segment ring_;
  shm::Segment seats_;
  shm::Mapping ring_mapping_;
  shm::Mapping seats_mapping_;
  std::optional<TornMemory> ring_guard_, seats_guard_;  // of the mappings
  ring::RingView view_;
  shm::MemoryReport report_;
};

}  // namespace busbar::daemon
