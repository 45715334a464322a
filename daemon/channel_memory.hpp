#pragma once

#include <string>

#include "common/control/messages.hpp"
#include "common/ring/format.hpp"
#include "common/shm/mapping.hpp"
#include "common/shm/segment.hpp"

namespace busbar::daemon {

/// Both segments of a channel, mapped. Destruction removes their names and gives the memory back as
/// far as no member has it mapped; it may take long, as creation may. Any one thread at a time.
class ChannelMemory {
 public:
  /// Creates and formats segments NAME-ring and NAME-seats and puts this process down as their
  /// broker. Throws Errc::limit if there is no room, Errc::system; leaves nothing behind.
  ChannelMemory(const ring::Settings& settings, shm::Backing backing, const std::string& name);
  ~ChannelMemory();
  ChannelMemory(const ChannelMemory&) = delete;
  ChannelMemory& operator=(const ChannelMemory&) = delete;

  const ring::RingView& view() const noexcept { return view_; }

  /// Subscribers get the ring to read only.
  int ring_fd(control::Role role) const noexcept;
  int seats_fd() const noexcept { return seats_.writable_fd(); }

  /// Removes the names; members keep their mappings.
  void unlink() noexcept;

 private:
  shm::Segment ring_;
  shm::Segment seats_;
  shm::Mapping ring_mapping_;
  shm::Mapping seats_mapping_;
  ring::RingView view_;
};

}  // namespace busbar::daemon
