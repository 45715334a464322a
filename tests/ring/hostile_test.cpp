#include <gtest/gtest.h>

#include <cstring>
#include <iostream>
#include <random>

#include "tests/ring/messages.hpp"

// What a hostile member may store. Nothing may crash, touch other memory or go on for ever; what is
// delivered on this channel may be wrong. The sanitizers are the judges.

namespace busbar::test {
namespace {

using ring::Record;
using ring::Room;

#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t kSeeds = 20;  // one thread only: it says nothing more there
#else
constexpr std::uint64_t kSeeds = 200;
#endif

std::uint64_t any_value(std::mt19937_64& random) {
  switch (random() % 5) {
    case 0:
      return 0;
    case 1:
      return ~std::uint64_t{0} - random() % 16;
    case 2:
      return random() % 16384;
    case 3:
      return std::uint64_t{1} << random() % 64;
    default:
      return random();
  }
}

TEST(HostileSeats, WithAnyBytesHarmNeitherPublishersNorTheBroker) {
  for (std::uint64_t seed = 1; seed <= kSeeds / 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    ring::Settings settings = settings_with(1 + static_cast<std::uint32_t>(random() % 3));
    settings.max_subscribers = 2 + static_cast<std::uint32_t>(random() % 70);
    TestRing channel(settings);
    const std::uint64_t words =
        (ring::seats_bytes(channel.settings) - layout::kSeatsControlOffset) / 8;
    auto* const bytes =
        reinterpret_cast<std::uint64_t*>(channel.seats_segment() + layout::kSeatsControlOffset);
    std::vector<ring::Writer> writers;
    for (std::uint32_t i = 0; i < settings.max_publishers; ++i) {
      writers.push_back(channel.writer(i));
    }
    for (int step = 0; step < 600; ++step) {
      if (step % 20 == 0) {
        for (std::uint64_t i = 0; i < words; ++i) bytes[i] = any_value(random);
      } else {
        bytes[random() % words] = any_value(random);
      }
      auto& writer = writers[random() % writers.size()];
      Room room;
      ring::Interrupt interrupt;
      const std::uint64_t size = random() % 1024;
      if (writer.claim(size, room, interrupt) == Outcome::ok) {
        fill(channel.ring, room, 1);
        writer.commit(room, random() % (size + 1), 1);
      }
      const auto seat = static_cast<std::uint32_t>(random() % settings.max_subscribers);
      switch (random() % 6) {
        case 0:
          ring::grant_seat(channel.ring, seat, {});
          break;
        case 1:
          ring::reap_seat(channel.ring, seat);
          break;
        case 2:
          ring::seat_counts(channel.ring, seat);
          ring::seat_left(channel.ring, seat);
          break;
        case 3: {
          const auto slot = static_cast<std::uint32_t>(random() % writers.size());
          EXPECT_TRUE(recover(channel.ring, slot));
          writers[slot] = channel.writer(slot);
          break;
        }
        default:
          break;
      }
    }
    // The ring itself has stayed whole: who joins now finds it so.
    for (std::uint64_t i = 0; i < words; ++i) bytes[i] = 0;
    Subscriber subscriber(channel, 1);
    subscriber.drain();
    EXPECT_EQ(subscriber.last(), Outcome::empty);
    EXPECT_EQ(publish(writers[0], 100, 4), Outcome::ok);
    EXPECT_EQ(subscriber.drain(), Types{4});
  }
}

TEST(HostileRecords, WithAnyWordEndAReaderAtWorst) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestRing channel(settings_with(2, 4096, 8u << random() % 7));
    auto* const words = reinterpret_cast<std::uint64_t*>(channel.ring.data);
    for (std::uint64_t i = 0; i < 512; ++i) {
      const auto state = static_cast<layout::RecordState>(random() % 6);
      const std::uint64_t length = random() % 3 == 0 ? random() % 8192 : random() % 64;
      words[i] =
          random() % 4 == 0
              ? any_value(random)
              : layout::Word(state, length, static_cast<std::uint32_t>(random()), random() % 2)
                    .bits();
    }
    for (std::uint64_t start = 0; start < 8192; start += 8) {
      ring::Reader reader(channel.ring, 0, {start, any_value(random)});
      std::uint64_t sum = 0;
      for (int i = 0; i < 40; ++i) {
        Record record;
        const Outcome outcome = reader.next(record);
        if (outcome == Outcome::empty || outcome == Outcome::closed) break;
        ASSERT_TRUE(outcome == Outcome::ok || outcome == Outcome::ended);
        ASSERT_LE(record.size, channel.ring.capacity);
        const std::byte* payload = channel.ring.payload(record.position);
        // Within the two mappings of the data area.
        ASSERT_LE(payload + record.size, channel.ring.data + 2 * channel.ring.capacity);
        for (std::uint64_t k = 0; k < record.size; k += 64)
          sum += static_cast<unsigned>(payload[k]);
      }
      asm volatile("" : : "r"(sum));  // the bytes have to be read
    }
  }
}

TEST(HostileRecords, InALoopOfSkipsEndAReader) {
  TestRing channel;
  for (std::uint64_t at = 0; at < 4096; at += 8) {
    channel.ring.record(at).word.store(layout::Word(layout::RecordState::skip, 8, 0).bits());
  }
  ring::Reader reader(channel.ring, 0, {});
  Record record;
  EXPECT_EQ(reader.next(record), Outcome::closed);
}

TEST(HostileRecords, InALoopOfAbortedOnesEndAReader) {
  TestRing channel;
  for (std::uint64_t at = 0; at < 4096; at += 16) {
    channel.ring.record(at).word.store(layout::Word(layout::RecordState::aborted, 16, 0).bits());
  }
  ring::Reader reader(channel.ring, 0, {});
  Record record;
  EXPECT_EQ(reader.next(record), Outcome::closed);
}

TEST(HostileRecords, ShorterThanTheirHeaderEndAReader) {
  TestRing channel;
  for (const auto state : {layout::RecordState::committed, layout::RecordState::aborted}) {
    for (std::uint64_t length = 0; length < 16; ++length) {
      channel.ring.record(0).word.store(layout::Word(state, length, 0).bits());
      ring::Reader reader(channel.ring, 0, {});
      Record record;
      EXPECT_EQ(reader.next(record), Outcome::closed) << length;
    }
  }
}

// A publisher may spoil its own channel; a broker that recovers from it must survive.
TEST(HostileRing, WithAnyControlBytesDoesNotHarmTheBroker) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestRing channel(
        settings_with(1 + static_cast<std::uint32_t>(random() % 3), 4096, 8u << random() % 5));
    auto* const control =
        reinterpret_cast<std::uint64_t*>(channel.ring_segment() + layout::kControlOffset);
    const std::uint64_t words =
        (layout::data_offset(channel.settings.max_publishers) - layout::kControlOffset) / 8;
    auto* const data = reinterpret_cast<std::uint64_t*>(channel.ring.data);
    for (int step = 0; step < 40; ++step) {
      for (std::uint64_t i = 0; i < words; ++i) {
        if (step % 2 == 0 || random() % 8 == 0) control[i] = any_value(random);
      }
      for (std::uint64_t i = 0; i < 512; ++i) {
        data[i] = layout::Word(static_cast<layout::RecordState>(random() % 6),
                               random() % 4 == 0 ? any_value(random) & 0xffffff : random() % 128,
                               static_cast<std::uint32_t>(random() % 4))
                      .bits();
      }
      const auto slot = static_cast<std::uint32_t>(random() % channel.settings.max_publishers);
      ring::channel_counts(channel.ring);
      ring::slot_counts(channel.ring, slot);
      ring::slot_left(channel.ring, slot);
      ring::seat_counts(channel.ring, 0);
      recover(channel.ring, slot);
      ring::grant_slot(channel.ring, slot, {});
      ring::grant_seat(channel.ring, 0, {});
      ring::set_broker(channel.ring, {});
      ring::reap_seat(channel.ring, 0);
      ring::close_channel(channel.ring);
    }
  }
}

TEST(HostileRing, WithAnyControlBytesDoesNotHarmItsFellows) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestRing channel(settings_with(1 + static_cast<std::uint32_t>(random() % 3)));
    auto* const control =
        reinterpret_cast<std::uint64_t*>(channel.ring_segment() + layout::kControlOffset);
    const std::uint64_t words = sizeof(layout::RingControl) / 8;
    for (int step = 0; step < 60; ++step) {
      for (std::uint64_t i = 0; i < words; ++i) {
        if (random() % 4 == 0) control[i] = any_value(random);
      }
      channel.ring.control->mutex.owner.store(0);
      auto writer = channel.writer(0);
      Room room;
      ring::Interrupt interrupt;
      for (int i = 0; i < 20; ++i) {
        const std::uint64_t size = random() % 1024;
        if (writer.claim(size, room, interrupt) != Outcome::ok) break;
        std::byte* payload = channel.ring.payload(room.position);
        ASSERT_LE(payload + size, channel.ring.data + 2 * channel.ring.capacity);
        std::memset(payload, 1, size);
        writer.commit(room, size, 0);
      }
      ring::grant_seat(channel.ring, 0, {});
      try {
        ring::Reader reader(channel.ring, 0, ring::join(channel.ring, 0, ring::JoinAt::oldest));
        Record record;
        for (int i = 0; i < 20; ++i) reader.next(record);
      } catch (const std::system_error&) {
      }
    }
  }
}

// Its open claims are kept by position, which are then in no order.
TEST(HostileRing, ThatThrowsTheClaimedPositionBackLeavesOpenClaimsToBeFinished) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(0);
  publish(writer, 100, 1);
  const Room first = must_claim(writer, 100);
  channel.ring.control->publishers.claimed = 0;
  const Room second = must_claim(writer, 50);
  writer.commit(first, 100, 2);
  writer.commit(second, 50, 3);
  EXPECT_EQ(channel.ring.slots[0].oldest_claim.load(), layout::kNoClaim);
}

}  // namespace
}  // namespace busbar::test
