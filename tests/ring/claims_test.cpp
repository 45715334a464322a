#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ring/messages.hpp"

// What holds for one publisher and for several alike.

namespace busbar::test {
namespace {

using ring::Record;
using ring::Room;

class Claims : public testing::TestWithParam<std::uint32_t> {
 protected:
  ring::Settings settings(std::uint64_t capacity = 4096, std::uint32_t alignment = 8) const {
    return settings_with(GetParam(), capacity, alignment);
  }
};

INSTANTIATE_TEST_SUITE_P(OneOrSeveral, Claims, testing::Values(1u, 2u),
                         [](const auto& about) { return about.param == 1 ? "one" : "several"; });

TEST_P(Claims, ShowNothingToReadersBeforeTheCommit) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  const Room room = must_claim(writer, 40);
  fill(channel.ring, room, 7);
  EXPECT_EQ(subscriber.drain(), Types{});
  EXPECT_EQ(subscriber.last(), Outcome::empty);
  writer.commit(room, 40, 7);
  EXPECT_EQ(subscriber.drain(), Types{7});
}

TEST_P(Claims, CarryTheirSizeTypeAndSequence) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  ASSERT_EQ(publish(writer, 0, 0xffffffff), Outcome::ok);
  ASSERT_EQ(publish(writer, 1000, 5), Outcome::ok);
  Record record;
  ASSERT_EQ(subscriber.next(record), Outcome::ok);
  EXPECT_EQ(record.size, 0u);
  EXPECT_EQ(record.type, 0xffffffffu);
  EXPECT_EQ(record.sequence, 0u);
  ASSERT_EQ(subscriber.next(record), Outcome::ok);
  EXPECT_EQ(record.size, 1000u);
  EXPECT_EQ(record.sequence, 1u);
  EXPECT_EQ(subscriber.next(record), Outcome::empty);
}

TEST_P(Claims, CommittedOutOfOrderAreReadInTheOrderOfTheClaims) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  Room rooms[3];
  for (std::uint32_t i = 0; i < 3; ++i) fill(channel.ring, rooms[i] = must_claim(writer, 24), i);
  writer.commit(rooms[2], 24, 2);
  EXPECT_EQ(subscriber.drain(), Types{});
  writer.commit(rooms[0], 24, 0);
  EXPECT_EQ(subscriber.drain(), Types{0});
  writer.commit(rooms[1], 24, 1);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2}));
}

TEST_P(Claims, AbortedArePassedOverAndKeepTheirNumber) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  publish(writer, 8, 1);
  writer.abort(must_claim(writer, 100));
  publish(writer, 8, 2);
  Record record;
  ASSERT_EQ(subscriber.next(record), Outcome::ok);
  EXPECT_EQ(record.sequence, 0u);
  ASSERT_EQ(subscriber.next(record), Outcome::ok);
  EXPECT_EQ(record.sequence, 2u);
  EXPECT_EQ(record.type, 2u);
}

TEST_P(Claims, AbortedMakeRoomOnceReadersHavePassed) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  for (int i = 0; i < 100; ++i) {
    writer.abort(must_claim(writer, 1000));
    EXPECT_EQ(subscriber.drain(), Types{});
  }
}

TEST_P(Claims, MayBeCommittedShorterByAnyNumberOfBytes) {
  for (std::uint32_t alignment = 8; alignment <= 1024; alignment *= 2) {
    TestRing channel(settings(16384, alignment));
    auto writer = channel.writer();
    Subscriber subscriber(channel, 0);
    for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{65}, std::uint64_t{600}}) {
      for (std::uint64_t used = 0; used <= size; ++used) {
        const Room room = must_claim(writer, size);
        fill(channel.ring, room, 3);
        writer.commit(room, used, 3);
        ASSERT_EQ(publish(writer, 5, 4), Outcome::ok);
        Record record;
        ASSERT_EQ(subscriber.next(record), Outcome::ok) << alignment << " " << size << " " << used;
        ASSERT_EQ(record.size, used);
        ASSERT_EQ(subscriber.next(record), Outcome::ok) << alignment << " " << size << " " << used;
        ASSERT_EQ(record.type, 4u);
        ASSERT_EQ(subscriber.next(record), Outcome::empty);
      }
    }
  }
}

TEST_P(Claims, CommittedShorterTakeOneNumberEach) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  for (std::uint32_t i = 0; i < 50; ++i) {
    const Room room = must_claim(writer, 200);
    fill(channel.ring, room, i);
    writer.commit(room, i, i);
    Record record;
    ASSERT_EQ(subscriber.next(record), Outcome::ok);
    ASSERT_EQ(record.sequence, i);
  }
}

TEST_P(Claims, HaveAlignedPayloads) {
  for (std::uint32_t alignment = 8; alignment <= 4096; alignment *= 2) {
    TestRing channel(settings(32768, alignment));
    auto writer = channel.writer();
    Subscriber subscriber(channel, 0);
    for (std::uint32_t i = 0; i < 40; ++i) {
      const Room room = must_claim(writer, i * 13);
      const auto address = reinterpret_cast<std::uintptr_t>(channel.ring.payload(room.position));
      ASSERT_EQ(address % alignment, 0u);
      fill(channel.ring, room, i);
      writer.commit(room, i * 5, i);
      ASSERT_EQ(subscriber.drain(), Types{i}) << alignment;
    }
  }
}

TEST_P(Claims, WrapThroughTheDoubledMappingAtEveryOffset) {
  for (std::uint64_t step = 0; step < 64; ++step) {
    TestRing channel(settings());
    auto writer = channel.writer();
    Subscriber subscriber(channel, 0);
    for (std::uint32_t i = 0; i < 30; ++i) {
      ASSERT_EQ(publish(writer, 700 + 8 * step, i), Outcome::ok);
      ASSERT_EQ(subscriber.drain(), Types{i});
    }
  }
}

TEST_P(Claims, FillTheRingUpToTheReserveAndNoByteFurther) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  // Three records of 1024 and one of 1008 leave exactly the 16 bytes of the reserve.
  for (std::uint32_t i = 0; i < 3; ++i) ASSERT_EQ(publish(writer, 1008, i), Outcome::ok);
  Room room;
  EXPECT_EQ(writer.try_claim(1000, room), Outcome::full);
  EXPECT_EQ(writer.try_claim(993, room), Outcome::full);
  ASSERT_EQ(publish(writer, 992, 3), Outcome::ok);
  EXPECT_EQ(writer.try_claim(0, room), Outcome::full);
  EXPECT_EQ(subscriber.drain(), (Types{0, 1, 2, 3}));
  EXPECT_EQ(publish(writer, 992, 4), Outcome::ok);
}

TEST_P(Claims, WriteATerminatorBeforeTheyBecomeVisible) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  // Stale words everywhere, as of an earlier lap.
  const std::uint64_t stale = layout::Word(layout::RecordState::committed, 24, 0).bits();
  for (std::uint64_t at = 8; at < 4096; at += 8) channel.ring.record(at).word.store(stale);
  for (std::uint32_t i = 0; i < 40; ++i) {
    ASSERT_EQ(publish(writer, 8 * (i % 7), i), Outcome::ok);
    ASSERT_EQ(subscriber.drain(), Types{i});
    ASSERT_EQ(subscriber.last(), Outcome::empty);
  }
}

TEST_P(Claims, OfTheLargestMessageAlwaysFitAnEmptyRing) {
  for (std::uint32_t alignment = 8; alignment <= 512; alignment *= 2) {
    ring::Settings wanted = settings(4096, alignment);
    wanted.max_message = 2048;
    TestRing channel(wanted);
    auto writer = channel.writer();
    Subscriber subscriber(channel, 0);
    for (std::uint32_t i = 0; i < 20; ++i) {
      ASSERT_EQ(publish(writer, 2048, i), Outcome::ok) << alignment;
      ASSERT_EQ(subscriber.drain(), Types{i});
      ASSERT_EQ(publish(writer, 8 * i, i), Outcome::ok);
      ASSERT_EQ(subscriber.drain(), Types{i});
    }
  }
}

TEST_P(Claims, InABatchBecomeVisibleTogether) {
  TestRing channel(settings());
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  for (std::uint32_t round = 0; round < 30; ++round) {
    std::vector<Room> rooms;
    for (std::uint32_t i = 0; i < 5; ++i) {
      rooms.push_back(must_claim(writer, 60 + i));
      fill(channel.ring, rooms.back(), i);
    }
    for (std::uint32_t i = 4; i > 0; --i) {
      writer.store_word(rooms[i], i);
      ASSERT_EQ(subscriber.drain(), Types{});
    }
    writer.store_word(rooms[0], 0);
    ASSERT_EQ(subscriber.drain(), (Types{0, 1, 2, 3, 4}));
    std::reverse(rooms.begin(), rooms.end());
    writer.publish_batch(rooms);
  }
}

TEST_P(Claims, ThatAreLeftOpenGateLikeACursor) {
  TestRing channel(settings());
  auto writer = channel.writer();
  const Room open = must_claim(writer, 100);
  fill(channel.ring, open, 1);
  EXPECT_GT(publish_until_full(writer, 40), 0u);
  EXPECT_EQ(first_wrong_byte(channel.ring, open.position, 100, 1), 100u);
  writer.commit(open, 100, 1);
  EXPECT_EQ(publish(writer, 40, 2), Outcome::ok);
}

TEST_P(Claims, ThatOnlyWaitForTheirOwnPublisherAreFull) {
  TestRing channel(settings());  // block_timeout 0 would be timeout
  auto writer = channel.writer();
  must_claim(writer, 100);
  publish_until_full(writer, 40);
  ring::Interrupt interrupt;
  Room room;
  EXPECT_EQ(writer.claim(40, room, interrupt), Outcome::full);
}

TEST_P(Claims, SequencesGoOnBeyond32Bits) {
  TestRing channel(settings());
  constexpr std::uint64_t kStart = (std::uint64_t{5} << 32) - 20;
  start_at_sequence(channel, kStart);
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  for (std::uint64_t i = 0; i < 60; ++i) {
    if (i % 3 == 1) {
      writer.abort(must_claim(writer, 100));
      continue;
    }
    ASSERT_EQ(publish(writer, 100, 1), Outcome::ok);
    Record record;
    ASSERT_EQ(subscriber.next(record), Outcome::ok);
    ASSERT_EQ(record.sequence, kStart + i);
  }
  EXPECT_EQ(channel.ring.control->publishers.sequence.load(), kStart + 60);
  Subscriber late(channel, 1);
  Record record;
  ASSERT_EQ(late.next(record), Outcome::ok);
  EXPECT_GE(record.sequence, kStart);
  EXPECT_LT(record.sequence, kStart + 60);
}

TEST_P(Claims, ClaimedPositionReachesTheEndOfWhatIsFinished) {
  TestRing channel(settings());
  auto writer = channel.writer();
  std::uint64_t expected = 0;
  for (std::uint32_t i = 0; i < 10; ++i) {
    publish(writer, i * 3, i);
    expected += layout::extent(16 + i * 3, 8);
    EXPECT_EQ(channel.ring.control->publishers.claimed.load(), expected);
    EXPECT_EQ(channel.ring.control->publishers.sequence.load(), i + 1);
  }
}

TEST(SoloClaims, ShareNothingBeforeWhatIsBeforeThemIsFinished) {
  TestRing channel;
  auto writer = channel.writer();
  const Room first = must_claim(writer, 24);
  const Room second = must_claim(writer, 24);
  writer.commit(second, 24, 2);
  EXPECT_EQ(channel.ring.control->publishers.claimed.load(), first.position);
  writer.commit(first, 24, 1);
  EXPECT_EQ(channel.ring.control->publishers.claimed.load(), second.position + 40);
  EXPECT_EQ(channel.ring.control->publishers.sequence.load(), 2u);
}

TEST(SharedClaims, OfFellowsAreReadInTheOrderOfTheClaims) {
  TestRing channel(settings_with(3));
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  Subscriber subscriber(channel, 0);
  const Room first = must_claim(a, 16);
  fill(channel.ring, first, 1);
  publish(b, 16, 2);
  EXPECT_EQ(subscriber.drain(), Types{});
  a.commit(first, 16, 1);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2}));
}

TEST(SharedClaims, OfAFellowGate) {
  TestRing channel(settings_with(2));
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  const Room open = must_claim(a, 64);
  fill(channel.ring, open, 9);
  publish_until_full(b, 100);
  EXPECT_EQ(first_wrong_byte(channel.ring, open.position, 64, 9), 64u);
  a.commit(open, 64, 9);
  EXPECT_EQ(publish(b, 100, 1), Outcome::ok);
}

TEST(SharedClaims, OldestOpenOneIsInTheSlotForTheBrokerToSee) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(1);
  const auto& oldest = channel.ring.slots[1].oldest_claim;
  EXPECT_EQ(oldest.load(), layout::kNoClaim);
  const Room first = must_claim(writer, 8);
  const Room second = must_claim(writer, 8);
  const Room third = must_claim(writer, 8);
  EXPECT_EQ(oldest.load(), first.position);
  writer.commit(second, 8, 0);
  EXPECT_EQ(oldest.load(), first.position);
  writer.abort(first);
  EXPECT_EQ(oldest.load(), third.position);
  writer.commit(third, 8, 0);
  EXPECT_EQ(oldest.load(), layout::kNoClaim);
}

TEST(SharedClaims, CarryTheirPublishersSlot) {
  TestRing channel(settings_with(64));
  auto writer = channel.writer(63);
  const Room room = must_claim(writer, 8);
  const auto word = [&] { return layout::Word(channel.ring.record(room.position).word.load()); };
  EXPECT_EQ(word().state(), layout::RecordState::claimed);
  EXPECT_EQ(word().slot(), 63u);
  writer.commit(room, 8, 0);
  EXPECT_EQ(word().state(), layout::RecordState::committed);
}

TEST(SharedClaims, LeaveTheMutexFree) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(1);
  const auto& owner = channel.ring.control->mutex.owner;
  const Room room = must_claim(writer, 8);
  EXPECT_EQ(owner.load(), 0u);
  writer.commit(room, 8, 0);
  Subscriber slow(channel, 0);
  publish_until_full(writer, 8);
  EXPECT_EQ(owner.load(), 0u);
}

TEST(SharedClaims, TryClaimNeitherWaitsForTheMutexNorCountsADrop) {
  ring::Settings settings = settings_with(2);
  settings.when_full = layout::WhenFull::drop_newest;
  TestRing channel(settings);
  auto writer = channel.writer(1);
  channel.ring.control->mutex.owner.store(mutex_owner(channel.ring, 0) + 1);  // slot 0 is inside
  Room room;
  EXPECT_EQ(writer.try_claim(8, room), Outcome::full);
  EXPECT_EQ(channel.ring.control->channel.dropped.load(), 0u);
}

}  // namespace
}  // namespace busbar::test
