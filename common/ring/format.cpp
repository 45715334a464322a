#include "common/ring/format.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>

#include "common/base/error.hpp"
#include "common/ring/layout_range.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

std::uint64_t unix_time_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

void format_ring(std::byte* segment, const Settings& settings) {
  auto& descriptor = *new (segment) RingDescriptor;
  descriptor.layout_version = served_layouts().newest;
  descriptor.alignment = settings.alignment;
  descriptor.channel_id = settings.channel_id;
  descriptor.segment_bytes = ring_bytes(settings);
  descriptor.data_offset = data_offset(settings.max_publishers);
  descriptor.capacity = settings.capacity;
  descriptor.max_message = settings.max_message;
  descriptor.block_timeout_ns = settings.block_timeout_ns;
  descriptor.created_at_ns = unix_time_ns();
  descriptor.max_publishers = settings.max_publishers;
  descriptor.max_subscribers = settings.max_subscribers;
  descriptor.when_full = settings.when_full;
  descriptor.fence_rule = settings.fence_rule;
  descriptor.lanes = 1;
  const std::size_t name_bytes = std::min(settings.name.size(), sizeof descriptor.name - 1);
  std::memcpy(descriptor.name, settings.name.data(), name_bytes);

  auto& control = *new (segment + kControlOffset) RingControl;
  const std::uint64_t first = first_position(settings.alignment);
  control.publishers.claimed.store(first, std::memory_order_relaxed);
  control.publishers.limit.store(first, std::memory_order_relaxed);
  control.publishers.gate_limit.store(first, std::memory_order_relaxed);
  control.tail.entry[0].position.store(first, std::memory_order_relaxed);
  auto* slots = new (segment + kSlotsOffset) PublisherSlot[settings.max_publishers];
  for (std::uint32_t i = 0; i < settings.max_publishers; ++i) {
    slots[i].oldest_claim.store(kNoClaim, std::memory_order_relaxed);
  }
}

void format_seats(std::byte* segment, const Settings& settings) {
  auto& descriptor = *new (segment) SeatsDescriptor;
  descriptor.layout_version = served_layouts().newest;
  descriptor.max_subscribers = settings.max_subscribers;
  descriptor.max_publishers = settings.max_publishers;
  descriptor.channel_id = settings.channel_id;
  descriptor.segment_bytes = seats_bytes(settings);
  new (segment + kSeatsControlOffset) SeatsControl;
  new (segment + kDoorbellsOffset) PublisherDoorbell[settings.max_publishers];
  new (segment + seats_offset(settings.max_publishers)) Seat[settings.max_subscribers];
}

[[noreturn]] void damaged(const std::string& what) {
  throw Error(Errc::damaged,
              "segment is damaged: " + what + "; remove the channel and create it anew");
}

void require(bool condition, const char* what) {
  if (!condition) damaged(what);
}

std::string range_text(const LayoutRange& range) {
  return std::to_string(range.oldest) + " to " + std::to_string(range.newest);
}

void require_version(std::uint64_t magic, std::uint64_t wanted, std::uint32_t version) {
  require(magic == wanted, "it does not begin with the magic number");
  const LayoutRange range = served_layouts();
  if (range.serves(version)) return;
  throw Error(Errc::version, "channel has layout " + std::to_string(version) +
                                 ", this library serves " + range_text(range) +
                                 "; install a library of the broker's version");
}

/// The descriptor's values copied once, so that what is checked is what is used.
struct RingNumbers {
  std::uint64_t magic, channel_id, segment_bytes, data_offset, capacity, max_message, block_timeout;
  std::uint32_t version, alignment, max_publishers, max_subscribers;
  WhenFull when_full;
  FenceRule fence_rule;
};

RingNumbers load(const RingDescriptor& from) {
  RingNumbers n{};
  n.magic = from.magic.load(std::memory_order_acquire);
  n.version = from.layout_version;
  n.alignment = from.alignment;
  n.channel_id = from.channel_id;
  n.segment_bytes = from.segment_bytes;
  n.data_offset = from.data_offset;
  n.capacity = from.capacity;
  n.max_message = from.max_message;
  n.block_timeout = from.block_timeout_ns;
  n.max_publishers = from.max_publishers;
  n.max_subscribers = from.max_subscribers;
  n.when_full = from.when_full;
  n.fence_rule = from.fence_rule;
  return n;
}

RingNumbers checked_ring(const std::byte* segment, std::uint64_t bytes) {
  require(bytes >= kSlotsOffset, "the ring segment is too short for its descriptor");
  const RingNumbers n = load(*reinterpret_cast<const RingDescriptor*>(segment));
  require_version(n.magic, kRingMagic, n.version);
  require(is_power_of_two(n.capacity) && n.capacity >= kMinCapacity && n.capacity <= kMaxCapacity,
          "its capacity is no power of two in the limits");
  require(n.max_publishers >= 1 && n.max_publishers <= kMaxPublishers, "number of publishers");
  require(n.max_subscribers >= 1 && n.max_subscribers <= kMaxSubscribers, "number of subscribers");
  require(
      is_power_of_two(n.alignment) && n.alignment >= kMinAlignment && n.alignment <= kMaxAlignment,
      "alignment");
  require(
      n.max_message <= n.capacity / 2 &&
          layout::extent(kHeaderBytes + n.max_message, n.alignment) + kReserveBytes <= n.capacity,
      "max_message does not fit into the capacity");
  require(n.data_offset == data_offset(n.max_publishers), "offset of the data area");
  require(n.segment_bytes == ring_segment_bytes(n.capacity, n.max_publishers) &&
              n.segment_bytes == bytes,
          "size of the ring segment");
  require(n.when_full <= WhenFull::evict, "when_full");
  require(n.fence_rule == FenceRule::membarrier || n.fence_rule == FenceRule::full, "fence rule");
  return n;
}

void check_seats(const std::byte* segment, std::uint64_t bytes, const RingNumbers& ring) {
  require(bytes >= kSeatsControlOffset, "the seats segment is too short for its descriptor");
  const auto& from = *reinterpret_cast<const SeatsDescriptor*>(segment);
  require_version(from.magic.load(std::memory_order_acquire), kSeatsMagic, from.layout_version);
  const std::uint64_t expected = seats_segment_bytes(ring.max_publishers, ring.max_subscribers);
  require(from.channel_id == ring.channel_id, "ring and seats are of two channels");
  require(bytes == expected, "size of the seats segment");
}

}  // namespace

std::uint64_t ring_bytes(const Settings& settings) {
  return ring_segment_bytes(settings.capacity, settings.max_publishers);
}

std::uint64_t seats_bytes(const Settings& settings) {
  return seats_segment_bytes(settings.max_publishers, settings.max_subscribers);
}

void format(std::byte* ring_segment, std::byte* seats_segment, const Settings& settings) {
  format_ring(ring_segment, settings);
  format_seats(seats_segment, settings);
  // Readiness last; release pairs with the acquire of the magic in load() and check_seats().
  reinterpret_cast<SeatsDescriptor*>(seats_segment)
      ->magic.store(kSeatsMagic, std::memory_order_release);
  reinterpret_cast<RingDescriptor*>(ring_segment)
      ->magic.store(kRingMagic, std::memory_order_release);
}

RingView view(std::byte* ring_segment, std::uint64_t ring_segment_size, std::byte* seats_segment,
              std::uint64_t seats_segment_size, std::byte* data) {
  const RingNumbers n = checked_ring(ring_segment, ring_segment_size);
  check_seats(seats_segment, seats_segment_size, n);
  RingView view;
  view.control = reinterpret_cast<RingControl*>(ring_segment + kControlOffset);
  view.slots = reinterpret_cast<PublisherSlot*>(ring_segment + kSlotsOffset);
  view.data = data != nullptr ? data : ring_segment + n.data_offset;
  view.seats_control = reinterpret_cast<SeatsControl*>(seats_segment + kSeatsControlOffset);
  view.doorbells = reinterpret_cast<PublisherDoorbell*>(seats_segment + kDoorbellsOffset);
  view.seats = reinterpret_cast<Seat*>(seats_segment + seats_offset(n.max_publishers));
  view.capacity = n.capacity;
  // The lowest bits too: a position that a hostile fellow has stored never makes a misaligned
  // header.
  view.mask = (n.capacity - 1) & ~std::uint64_t{kMinAlignment - 1};
  view.max_message = n.max_message;
  view.block_timeout_ns = n.block_timeout;
  view.alignment = n.alignment;
  view.max_publishers = n.max_publishers;
  view.max_subscribers = n.max_subscribers;
  view.seat_words = (n.max_subscribers + kBitsPerWord - 1) / kBitsPerWord;
  view.when_full = n.when_full;
  view.fence_rule = n.fence_rule;
  return view;
}

std::optional<std::uint32_t> foreign_layout(std::span<const std::byte> descriptor) {
  if (descriptor.size() < kDescriptorStart) return std::nullopt;
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::memcpy(&magic, descriptor.data(), sizeof magic);
  std::memcpy(&version, descriptor.data() + offsetof(RingDescriptor, layout_version),
              sizeof version);
  if (magic != kRingMagic || served_layouts().serves(version)) return std::nullopt;
  return version;
}

void require_settings(const std::byte* ring_segment, const Settings& settings) {
  const RingNumbers n = load(*reinterpret_cast<const RingDescriptor*>(ring_segment));
  require(n.channel_id == settings.channel_id && channel_name(ring_segment) == settings.name,
          "it is another channel's");
  require(n.capacity == settings.capacity && n.max_message == settings.max_message &&
              n.block_timeout == settings.block_timeout_ns &&
              n.max_publishers == settings.max_publishers &&
              n.max_subscribers == settings.max_subscribers && n.alignment == settings.alignment &&
              n.when_full == settings.when_full && n.fence_rule == settings.fence_rule,
          "its descriptor says something else than when it was created");
}

std::string channel_name(const std::byte* ring_segment) {
  const auto& descriptor = *reinterpret_cast<const RingDescriptor*>(ring_segment);
  return std::string(descriptor.name, ::strnlen(descriptor.name, sizeof descriptor.name));
}

}  // namespace busbar::ring
