#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// What a channel is made of, already checked (capacity a power of two, ...).
struct Settings {
  std::string name;
  std::uint64_t channel_id = 0;
  std::uint64_t capacity = 0;
  std::uint64_t max_message = 0;
  std::uint64_t block_timeout_ns = 0;
  std::uint32_t max_publishers = 1;
  std::uint32_t max_subscribers = 1;
  std::uint32_t alignment = 8;
  layout::WhenFull when_full = layout::WhenFull::block;
  layout::FenceRule fence_rule = layout::FenceRule::membarrier;
};

std::uint64_t ring_bytes(const Settings& settings);
std::uint64_t seats_bytes(const Settings& settings);

/// Writes both segments of a new channel into zeroed memory; the magics last. Broker only.
void format(std::byte* ring_segment, std::byte* seats_segment, const Settings& settings);

/// A view of two mapped segments of the given sizes. Everything that it takes from them is checked
/// first: throws Errc::version (another layout) or Errc::damaged. `data` is where the data area is
/// mapped: ring_segment + data_offset for the broker, the doubled mapping for members.
RingView view(std::byte* ring_segment, std::uint64_t ring_segment_bytes, std::byte* seats_segment,
              std::uint64_t seats_segment_bytes, std::byte* data = nullptr);

/// The layout of a ring segment that this build cannot serve, by the first bytes of its descriptor;
/// nothing if it can, or if that is no ring.
inline constexpr std::size_t kDescriptorStart = 16;
std::optional<std::uint32_t> foreign_layout(std::span<const std::byte> descriptor);

/// That the descriptors of both segments, already checked by view(), are those of this channel: a
/// member may have written over them since. Throws Errc::damaged.
void require_settings(const std::byte* ring_segment, const Settings& settings);

/// The descriptor's name field, bounded.
std::string channel_name(const std::byte* ring_segment);

}  // namespace busbar::ring
