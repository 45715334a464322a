#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/layout/limits.hpp"

// docs/layout.md, "Ring segment: descriptor".

namespace busbar::layout {

inline constexpr std::uint64_t kRingMagic = 0x676e697253554242;   // "BBUSRing"
inline constexpr std::uint64_t kSeatsMagic = 0x7461655353554242;  // "BBUSSeat"

enum class WhenFull : std::uint32_t { block = 0, drop_newest = 1, evict = 2 };
/// Who pays for store-then-load pairs: the rare side by membarrier, or both sides by fences.
enum class FenceRule : std::uint32_t { membarrier = 0, full = 1 };

/// Written by the broker before anybody is let in, then constant. The magic is stored last.
struct RingDescriptor {
  std::atomic<std::uint64_t> magic;
  std::uint32_t layout_version;
  std::uint32_t alignment;  // of payloads; a power of two, 8 to 4096
  std::uint64_t channel_id;
  std::uint64_t segment_bytes;
  std::uint64_t data_offset;  // of the data area; whole pages
  std::uint64_t capacity;     // of the data area; a power of two, whole pages
  std::uint64_t max_message;  // payload bytes
  std::uint64_t block_timeout_ns;
  std::uint64_t created_at_ns;  // since 1970
  std::uint32_t max_publishers;
  std::uint32_t max_subscribers;
  WhenFull when_full;
  FenceRule fence_rule;
  std::uint32_t lanes;   // 1; reserved for priorities
  std::uint32_t groups;  // 0; reserved for work queues
  char name[136];        // NUL-terminated channel name
};

static_assert(
    offsetof(RingDescriptor, magic) == 0 && offsetof(RingDescriptor, layout_version) == 8,
    "these two must stay for ever: a member of any version reads them to refuse the rest");
static_assert(offsetof(RingDescriptor, capacity) == 40 &&
                  offsetof(RingDescriptor, max_publishers) == 72 &&
                  offsetof(RingDescriptor, name) == 96,
              "a member of another build would map the wrong number of bytes: SIGBUS");
static_assert(sizeof(RingDescriptor) <= kPage, "the control lines begin on the second page");

}  // namespace busbar::layout
