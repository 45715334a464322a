#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "common/control/messages.hpp"
#include "common/ring/format.hpp"
#include "common/shm/mapping.hpp"
#include "common/shm/segment.hpp"
#include "daemon/torn_memory.hpp"

namespace busbar::daemon {

/// Both segments of a channel, mapped. Destruction removes their names, unless they are to outlive
/// the broker, and gives the memory back as far as no member has it mapped; it may take long, as
/// creation may. Any one thread at a time.
class ChannelMemory {
 public:
  /// Creates and formats segments NAME-ring and NAME-seats and puts this process down as their
  /// broker, that of `epoch`. Throws Errc::limit if there is no room, Errc::system; leaves nothing
  /// behind.
  ChannelMemory(const ring::Settings& settings, shm::Backing backing, const std::string& name,
                std::uint64_t epoch);
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

  /// Whether a member has cut it short.
  bool torn() const noexcept { return ring_guard_->torn() || seats_guard_->torn(); }

  /// Whether the names stay when this is destroyed: for a next broker.
  void set_outlives(bool outlives) noexcept { outlives_ = outlives; }

  /// Removes the names; members keep their mappings.
  void unlink() noexcept;

 private:
  void map(const ring::Settings& settings);

  std::atomic<bool> outlives_ = false;
  shm::Segment ring_;
  shm::Segment seats_;
  shm::Mapping ring_mapping_;
  shm::Mapping seats_mapping_;
  std::optional<TornMemory> ring_guard_, seats_guard_;  // of the mappings
  ring::RingView view_;
};

}  // namespace busbar::daemon
