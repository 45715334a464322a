#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tests/ring/test_ring.hpp"

namespace busbar::test {

/// Byte `i` of the message that `seed` stands for.
inline std::byte byte_of(std::uint64_t seed, std::uint64_t i) {
  return static_cast<std::byte>((seed * 0x9e3779b97f4a7c15u >> 32) + i * 31);
}

inline void fill(const ring::RingView& ring, const ring::Room& room, std::uint64_t seed) {
  std::byte* to = ring.payload(room.position);
  for (std::uint64_t i = 0; i < room.size; ++i) to[i] = byte_of(seed, i);
}

/// As fill(), by atomic stores: a lapped reader looks at words that are being written over.
inline void fill_word_by_word(const ring::RingView& ring, const ring::Room& room,
                              std::uint64_t seed) {
  std::vector<std::byte> bytes(room.size);
  for (std::uint64_t i = 0; i < room.size; ++i) bytes[i] = byte_of(seed, i);
  std::byte* to = ring.payload(room.position);
  std::uint64_t i = 0;
  for (; i + 8 <= room.size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(to + i))
        .store(word, std::memory_order_relaxed);
  }
  for (; i < room.size; ++i) {
    std::atomic_ref<std::byte>(to[i]).store(bytes[i], std::memory_order_relaxed);
  }
}

/// The index of the first byte that is not message `seed`'s, or `size`.
inline std::uint64_t first_wrong_byte(const ring::RingView& ring, std::uint64_t position,
                                      std::uint64_t size, std::uint64_t seed) {
  const std::byte* from = ring.payload(position);
  for (std::uint64_t i = 0; i < size; ++i) {
    if (from[i] != byte_of(seed, i)) return i;
  }
  return size;
}

inline ring::Room must_claim(ring::Writer& writer, std::uint64_t size) {
  ring::Room room;
  const Outcome outcome = writer.try_claim(size, room);
  EXPECT_EQ(outcome, Outcome::ok) << to_string(outcome) << " for " << size << " bytes";
  return room;
}

/// Claims, fills and commits at once; the seed is the type too.
inline Outcome publish(ring::Writer& writer, std::uint64_t size, std::uint32_t seed) {
  ring::Room room;
  const Outcome outcome = writer.try_claim(size, room);
  if (outcome != Outcome::ok) return outcome;
  fill(writer.ring(), room, seed);
  writer.commit(room, size, seed);
  return outcome;
}

/// How many messages of this size go in before an outcome other than ok. Somebody has to gate.
inline std::uint32_t publish_until_full(ring::Writer& writer, std::uint64_t size,
                                        std::uint32_t first_seed = 0) {
  std::uint32_t count = 0;
  while (publish(writer, size, first_seed + count) == Outcome::ok) {
    if (++count > writer.ring().capacity) {
      ADD_FAILURE() << "a ring that is never full";
      break;
    }
  }
  return count;
}

/// A reader whose cursor follows it, as a subscriber that holds nothing.
class Subscriber {
 public:
  Subscriber(const TestRing& channel, std::uint32_t seat, ring::JoinAt at = ring::JoinAt::oldest)
      : ring_(channel.ring),
        seat_(seat),
        reader_(channel.reader(seat, at)),
        holds_(channel.ring, seat, reader_.position()) {}

  /// The next message, checked to be message `type` in every byte.
  Outcome next(ring::Record& record) {
    const Outcome outcome = reader_.next(record);
    if (outcome == Outcome::ok) {
      EXPECT_EQ(first_wrong_byte(ring_, record.position, record.size, record.type), record.size)
          << "of message " << record.type;
    }
    holds_.pass(reader_.position());
    return outcome;
  }
  /// The types of all messages that are there.
  std::vector<std::uint32_t> drain() {
    std::vector<std::uint32_t> types;
    ring::Record record;
    while ((last_ = next(record)) == Outcome::ok) types.push_back(record.type);
    return types;
  }
  Outcome last() const { return last_; }
  ring::Reader& reader() { return reader_; }
  ring::Holds& holds() { return holds_; }
  std::uint64_t cursor() const { return ring_.seats[seat_].cursor.load(); }
  void leave() {
    ring::leave_seat(ring_, seat_);
    ring::reap_seat(ring_, seat_);
  }

 private:
  ring::RingView ring_;
  std::uint32_t seat_;
  ring::Reader reader_;
  ring::Holds holds_;
  Outcome last_ = Outcome::ok;
};

using Types = std::vector<std::uint32_t>;

inline ring::Settings settings_with(std::uint32_t publishers, std::uint64_t capacity = 4096,
                                    std::uint32_t alignment = 8) {
  ring::Settings settings;
  settings.max_publishers = publishers;
  settings.capacity = capacity;
  settings.alignment = alignment;
  return settings;
}

/// Lets a ring that nobody uses yet go on as if `sequence` records had been there.
inline void start_at_sequence(const TestRing& channel, std::uint64_t sequence) {
  channel.ring.control->publishers.sequence.store(sequence);
  channel.ring.control->tail.entry[0].sequence.store(sequence);
}

}  // namespace busbar::test
