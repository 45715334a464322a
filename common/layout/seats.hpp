#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/layout/limits.hpp"
#include "common/layout/seat_word.hpp"

// docs/layout.md, "Seats segment". Read-write for every member: each value is hostile input.

namespace busbar::layout {

/// A binary semaphore on one futex word: 1 when a token is there.
struct DoorbellBytes {
  std::atomic<std::uint32_t> token;
};

/// First page of the segment; constant after creation, the magic stored last.
struct SeatsDescriptor {
  std::atomic<std::uint64_t> magic;
  std::uint32_t layout_version;
  std::uint32_t max_subscribers;
  std::uint64_t channel_id;
  std::uint64_t segment_bytes;
  std::uint32_t max_publishers;
  std::uint32_t reserved;
};

/// Behind the descriptor's page. Each group on lines of its own.
struct SeatsControl {
  alignas(kLine) std::atomic<std::uint64_t> active[kSeatWords];    // seats that have joined
  alignas(kLine) std::atomic<std::uint64_t> sleepers[kSeatWords];  // seats that may be asleep
  std::atomic<std::uint64_t> hail;  // not 0: the next commit of any publisher looks around
  // Set behind a sleepers bit and behind a hail, cleared before these are looked at: the one word
  // that every commit reads.
  std::atomic<std::uint64_t> call;
  alignas(kLine) std::atomic<std::uint64_t> room_waiters;  // publisher slots likewise
  alignas(kLine) std::atomic<std::uint64_t> broker_epoch;
  // Publisher slots in front of whose claims somebody waits who takes them for dead: a hint.
  std::atomic<std::uint64_t> mend_wanted;
};

/// One per publisher slot, for a publisher that waits for room.
struct alignas(kCacheLine) PublisherDoorbell {
  DoorbellBytes bell;
};

/// One per subscriber.
struct alignas(kLine) Seat {
  std::atomic<std::uint64_t> cursor;  // oldest record neither released nor pinned
  // When each pin was set: milliseconds of CLOCK_MONOTONIC_COARSE, low 32 bits. For operators only.
  std::atomic<std::uint32_t> pinned_at_ms[kPinsPerSeat];
  std::uint64_t reserved0[3];
  alignas(kCacheLine) std::atomic<std::uint64_t> pin[kPinsPerSeat];  // Pin::bits(), 0: none
  alignas(kCacheLine) std::atomic<SeatWord> word;
  std::atomic<std::uint64_t> session;
  std::atomic<std::uint64_t> pid;
  std::atomic<std::uint64_t> start_time;
  std::atomic<std::uint64_t> pid_namespace;
  std::atomic<std::uint64_t> lost;
  std::atomic<std::uint64_t> name_hash;  // reserved for durable seats
  alignas(kCacheLine) DoorbellBytes bell;
};

static_assert(offsetof(SeatsDescriptor, layout_version) == 8 &&
                  offsetof(SeatsDescriptor, segment_bytes) == 24,
              "a member of any version reads these to refuse the rest");
static_assert(sizeof(SeatsControl) == 4 * kLine && offsetof(SeatsControl, sleepers) == 128 &&
                  offsetof(SeatsControl, hail) == 160 && offsetof(SeatsControl, call) == 168 &&
                  offsetof(SeatsControl, room_waiters) == 256,
              "every commit reads `call`, every release `room_waiters`: on one line "
              "with what others write they cost a miss each");
static_assert(sizeof(Seat) == 256 && offsetof(Seat, pinned_at_ms) == 8 &&
                  offsetof(Seat, pin) == 64 && offsetof(Seat, word) == 128 &&
                  offsetof(Seat, bell) == 192,
              "a publisher of another build would read a pin as the cursor and overwrite a message "
              "that is being read");
static_assert(sizeof(PublisherDoorbell) == 64, "a wake-up would go to the wrong publisher");

}  // namespace busbar::layout
