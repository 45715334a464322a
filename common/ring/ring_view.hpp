#pragma once

#include <cstddef>
#include <cstdint>

#include "common/layout/geometry.hpp"

namespace busbar::ring {

/// A mapped channel: pointers into both segments and a checked, private copy of the geometry.
/// Owns nothing; a plain value. Subscribers have the ring mapped read-only and only read it.
struct RingView {
  layout::RingControl* control = nullptr;
  layout::PublisherSlot* slots = nullptr;  // max_publishers
  std::byte* data = nullptr;               // members: capacity bytes, mapped twice in a row
  layout::SeatsControl* seats_control = nullptr;
  layout::PublisherDoorbell* doorbells = nullptr;  // max_publishers
  layout::Seat* seats = nullptr;                   // max_subscribers

  std::uint64_t capacity = 0;
  std::uint64_t mask = 0;  // position to offset, always a multiple of 8
  std::uint64_t max_message = 0;
  std::uint64_t block_timeout_ns = 0;
  std::uint32_t alignment = 0;
  std::uint32_t max_publishers = 0;
  std::uint32_t max_subscribers = 0;
  std::uint32_t seat_words = 0;  // words of the active and sleepers bits in use
  layout::WhenFull when_full = layout::WhenFull::block;
  layout::FenceRule fence_rule = layout::FenceRule::membarrier;

  layout::RecordHeader& record(std::uint64_t position) const {
    return *reinterpret_cast<layout::RecordHeader*>(data + (position & mask));
  }
  std::byte* payload(std::uint64_t position) const {
    return data + (position & mask) + layout::kHeaderBytes;
  }
  std::uint64_t extent(std::uint64_t length) const { return layout::extent(length, alignment); }

  /// Whether a record of this length stays inside the doubled mapping: what every step over records
  /// checks, since whoever may write the ring may write anything.
  bool plausible(std::uint64_t length) const { return length >= 8 && length <= capacity; }

  /// Whether a record may begin at a position that somebody else has stored.
  static bool aligned(std::uint64_t position) { return position % layout::kMinAlignment == 0; }

  bool closed() const {
    return control->channel.state.load(std::memory_order_acquire) != layout::ChannelState::open;
  }
};

}  // namespace busbar::ring
