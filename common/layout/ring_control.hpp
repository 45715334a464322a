#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/layout/limits.hpp"
#include "common/layout/slot_word.hpp"

// docs/layout.md, "Ring segment: control lines". Written by publishers and by the broker's repair.

namespace busbar::layout {

/// What every claim or commit of a publisher writes.
struct alignas(kLine) PublishersLine {
  std::atomic<std::uint64_t> claimed;   // position behind the last claim (one publisher: behind
                                        // the contiguous finished prefix)
  std::atomic<std::uint64_t> sequence;  // of the record at `claimed`
  // Several publishers, under the mutex: claims may end at `limit` without a look at anything; the
  // seats' cursors, the open claims and the tail allow `gate_limit`, pins may be in between.
  std::atomic<std::uint64_t> limit;
  std::atomic<std::uint64_t> gate_limit;
};

struct TailEntry {
  std::atomic<std::uint64_t> position;
  std::atomic<std::uint64_t> sequence;  // of the record at `position`
  std::atomic<std::uint64_t> messages;  // committed before `position`
};

/// Oldest record that a newcomer may start at. Entry `version & 1` is the valid one and the other
/// is written before the version moves on, so that a death between two stores leaves no half tail.
struct alignas(kLine) Tail {
  std::atomic<std::uint64_t> version;
  TailEntry entry[2];
};

struct alignas(kLine) MutexLine {
  std::atomic<std::uint32_t> owner;  // 0 free; else mutex_owner() + 1
  std::uint32_t reserved;
  std::atomic<std::uint64_t> waiters;  // publisher slots that may sleep until it is free
};

inline constexpr std::uint32_t kBrokerOwner = 0xffff;  // beyond every publisher slot

/// The owner as the mutex knows it: the slot, and which of the slot's tenants (or which broker).
/// Without the latter a fellow that has proved one's death could take the mutex from the next.
inline constexpr std::uint32_t kOwnerSlotBits = 17;
inline constexpr std::uint32_t kOwnerGenerations = 1u << 14;
constexpr std::uint32_t mutex_owner(std::uint32_t slot, std::uint32_t generation) {
  return slot | (generation % kOwnerGenerations) << kOwnerSlotBits;
}
constexpr std::uint32_t slot_of_owner(std::uint32_t owner) {
  return owner & ((1u << kOwnerSlotBits) - 1);
}
constexpr std::uint32_t generation_of_owner(std::uint32_t owner) {
  return owner >> kOwnerSlotBits;
}

enum class ChannelState : std::uint32_t { open = 0, closed = 1 };

/// Rarely written: what the whole channel has to know.
struct alignas(kLine) ChannelLine {
  std::atomic<ChannelState> state;
  std::atomic<std::uint32_t> broker_epoch;  // low bits: which broker the mutex or a slot names
  std::atomic<std::uint64_t> dropped;       // messages refused under drop_newest
  std::atomic<std::uint64_t> evicted;       // seats taken away under evict
  std::atomic<std::uint64_t> broker_pid;
  std::atomic<std::uint64_t> broker_start_time;
  std::atomic<std::uint64_t> broker_pid_namespace;
};

/// A record boundary about every half stride: the tail moves along these instead of touching
/// every header. Entry n is checkpoint[n % kCheckpoints]; `count` is stored after the entry.
struct Checkpoint {
  std::atomic<std::uint64_t> position;
  std::atomic<std::uint64_t> sequence;
};
inline constexpr std::uint32_t kCheckpoints = 32;
struct alignas(kLine) Checkpoints {
  std::atomic<std::uint64_t> count;
  // One bit a region of half a stride, round and round: set before a record in it is finished
  // without being a message (aborted, end). Elsewhere messages are counted by sequences alone.
  std::atomic<std::uint64_t> gaps;
  Checkpoint entry[kCheckpoints];
};

struct RingControl {
  PublishersLine publishers;
  Tail tail;
  MutexLine mutex;
  ChannelLine channel;
  Checkpoints checkpoints;
};

inline constexpr std::uint64_t kNoClaim = ~std::uint64_t{0};

/// One per publisher. The broker writes the identity; the publisher its claims.
struct alignas(kLine) PublisherSlot {
  std::atomic<std::uint64_t> oldest_claim;  // position of the oldest open claim, or kNoClaim
  std::uint64_t reserved[7];
  alignas(kCacheLine) std::atomic<SlotWord> word;
  std::atomic<std::uint32_t> ended;  // 1: it has called end()
  std::uint32_t reserved1;
  std::atomic<std::uint64_t> session;
  std::atomic<std::uint64_t> pid;  // in the namespace `pid_namespace`
  std::atomic<std::uint64_t> start_time;
  std::atomic<std::uint64_t> pid_namespace;
};

static_assert(offsetof(RingControl, tail) >= kLine,
              "the tail beside the claimed position halves the rate: readers pull the line that "
              "every commit writes");
static_assert(offsetof(RingControl, publishers) == 0 && offsetof(RingControl, tail) == 128 &&
                  offsetof(RingControl, mutex) == 256 && offsetof(RingControl, channel) == 384 &&
                  offsetof(RingControl, checkpoints) == 512 && sizeof(RingControl) == 1152,
              "a publisher of another build would take the mutex in the middle of the tail");
static_assert(sizeof(PublisherSlot) == 128 && offsetof(PublisherSlot, word) == 64 &&
                  offsetof(PublisherSlot, session) == 80,
              "the broker would abort the claims of the wrong publisher");
static_assert(slot_of_owner(kBrokerOwner + 1) == kBrokerOwner + 1 && kOwnerSlotBits + 14 < 32,
              "an owner that is cut off is taken for another one");
static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "the kernel's futex word has 4 bytes");

}  // namespace busbar::layout
