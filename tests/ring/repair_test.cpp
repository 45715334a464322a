#include "common/ring/repair.hpp"

#include <gtest/gtest.h>

#include "common/ring/gaps.hpp"
#include "common/sync/process_identity.hpp"
#include "common/sync/ring_mutex.hpp"
#include "tests/ring/messages.hpp"

// Deaths of a publisher at each step of a claim. The bytes are written by hand as the claimer
// would up to that step; then the broker recovers the slot, and fellows and readers go on.

namespace busbar::test {
namespace {

using layout::RecordState;
using layout::Word;

/// Steps of a claim with fellows, in the order of the protocol.
enum Step { kLocked, kOpened, kHeader, kTerminated, kWord, kSequence, kClaimed, kUnlocked };

/// Slot `slot` claims `size` bytes and dies behind `last`.
void die_in_claim(const ring::RingView& ring, std::uint32_t slot, std::uint64_t size, Step last) {
  auto& line = ring.control->publishers;
  ASSERT_EQ(sync::RingMutex(ring.control->mutex).try_lock(mutex_owner(ring, slot)),
            sync::RingMutex::Result::acquired);
  const std::uint64_t position = line.claimed.load();
  const std::uint64_t sequence = line.sequence.load();
  const std::uint64_t extent = ring.extent(16 + size);
  if (last >= kOpened && ring.slots[slot].oldest_claim.load() == layout::kNoClaim) {
    ring.slots[slot].oldest_claim.store(position);
  }
  if (last >= kHeader) {
    ring.record(position).type.store(0);
    ring.record(position).sequence.store(static_cast<std::uint32_t>(sequence));
  }
  if (last >= kTerminated) ring.record(position + extent).word.store(0);
  if (last >= kWord) {
    ring.record(position).word.store(Word(RecordState::claimed, 16 + size, slot).bits());
  }
  if (last >= kSequence) line.sequence.store(sequence + 1);
  if (last >= kClaimed) line.claimed.store(position + extent);
  if (last >= kUnlocked) sync::RingMutex(ring.control->mutex).unlock();
}

class DeathInAClaim : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(BehindEachStep, DeathInAClaim,
                         testing::Range(static_cast<int>(kLocked),
                                        static_cast<int>(kUnlocked) + 1));

TEST_P(DeathInAClaim, LeavesARingThatGoesOn) {
  for (std::uint64_t before = 0; before < 60; ++before) {
    TestRing channel(settings_with(2));
    auto fellow = channel.writer(0);
    channel.writer(1);
    Subscriber subscriber(channel, 0);
    for (std::uint32_t i = 0; i < before; ++i) {
      ASSERT_EQ(publish(fellow, 72, i), Outcome::ok);
      subscriber.drain();
    }
    // What lies there from an earlier lap must not matter.
    die_in_claim(channel.ring, 1, 200, static_cast<Step>(GetParam()));
    ASSERT_TRUE(recover(channel.ring, 1));
    EXPECT_EQ(channel.ring.control->mutex.owner.load(), 0u);
    EXPECT_EQ(channel.ring.slots[1].oldest_claim.load(), layout::kNoClaim);

    std::uint64_t expected = before + (GetParam() >= kWord ? 1 : 0);
    for (std::uint32_t i = 0; i < 100; ++i) {
      ASSERT_EQ(publish(fellow, 8 * (i % 50), i), Outcome::ok);
      ring::Record record;
      ASSERT_EQ(subscriber.next(record), Outcome::ok);
      ASSERT_EQ(record.type, i);
      ASSERT_EQ(record.sequence, expected++);
    }
  }
}

// Else it would be counted as a message.
TEST_P(DeathInAClaim, IsMarkedAsAGapIfItHasANumber) {
  TestRing channel(settings_with(2));
  channel.writer(0);
  channel.writer(1);
  die_in_claim(channel.ring, 1, 200, static_cast<Step>(GetParam()));
  ASSERT_TRUE(recover(channel.ring, 1));
  EXPECT_EQ(ring::may_have_gaps(channel.ring, 0, 216), GetParam() >= kWord);
}

TEST_P(DeathInAClaim, MayBeRepairedTwice) {
  TestRing channel(settings_with(2));
  auto fellow = channel.writer(0);
  channel.writer(1);
  publish(fellow, 8, 0);
  die_in_claim(channel.ring, 1, 200, static_cast<Step>(GetParam()));
  ASSERT_TRUE(recover(channel.ring, 1));
  const auto& line = channel.ring.control->publishers;
  const std::uint64_t claimed = line.claimed.load();
  const std::uint64_t sequence = line.sequence.load();
  ASSERT_TRUE(recover(channel.ring, 1));  // a broker that was restarted in between
  EXPECT_EQ(line.claimed.load(), claimed);
  EXPECT_EQ(line.sequence.load(), sequence);
}

TEST_P(DeathInAClaim, IsRepairedByAFellowThatKnowsOfIt) {
  TestRing channel(settings_with(2));
  // An identity that is certainly dead: ourselves, but started at another time.
  sync::ProcessIdentity self = sync::own_identity();
  auto fellow = channel.writer(0);
  ring::grant_slot(channel.ring, 1, {1, self.pid, self.start_time + 1, self.pid_namespace});
  Subscriber subscriber(channel, 0);
  if (GetParam() == kUnlocked) return;  // not inside
  die_in_claim(channel.ring, 1, 200, static_cast<Step>(GetParam()));

  ring::RingView view = channel.ring;
  view.block_timeout_ns = 3'600'000'000'000;
  ring::Writer writer(view, 0);
  ring::Interrupt interrupt;
  ring::Room room;
  ASSERT_EQ(writer.claim(8, room, interrupt), Outcome::ok);
  fill(channel.ring, room, 1);
  writer.commit(room, 8, 1);
  EXPECT_EQ(channel.ring.control->mutex.owner.load(), 0u);
  // A record behind the claimed position is the broker's to abort, when it comes.
  if (GetParam() < kClaimed) {
    EXPECT_EQ(subscriber.drain(), Types{1});
  }
  ASSERT_TRUE(recover(channel.ring, 1));
  if (GetParam() == kClaimed) {
    EXPECT_EQ(subscriber.drain(), Types{1});
  }
  EXPECT_EQ(channel.ring.control->publishers.sequence.load(), GetParam() >= kWord ? 2u : 1u);
}

TEST(Repair, TakesACommitThatCameBeforeTheDeathAsOne) {
  TestRing channel(settings_with(2));
  channel.writer(1);
  Subscriber subscriber(channel, 0);
  die_in_claim(channel.ring, 1, 8, kUnlocked);
  std::memset(channel.ring.payload(0), 0, 8);
  for (std::uint64_t i = 0; i < 8; ++i) channel.ring.payload(0)[i] = byte_of(3, i);
  channel.ring.record(0).type.store(3);
  channel.ring.record(0).word.store(Word(RecordState::committed, 24, 1).bits());
  // Dies before its slot says that nothing is open.
  ASSERT_TRUE(recover(channel.ring, 1));
  EXPECT_EQ(subscriber.drain(), Types{3});
}

TEST(Repair, LeavesAShortCommitWhole) {
  TestRing channel(settings_with(2));
  channel.writer(1);
  Subscriber subscriber(channel, 0);
  die_in_claim(channel.ring, 1, 100, kUnlocked);
  // Dies between the skip behind the shorter record and its word: aborted as a whole.
  channel.ring.record(24).word.store(Word(RecordState::skip, 120 - 24, 1).bits());
  ASSERT_TRUE(recover(channel.ring, 1));
  auto fellow = channel.writer(0);
  publish(fellow, 8, 5);
  EXPECT_EQ(subscriber.drain(), Types{5});
}

TEST(Repair, AbortsTheDeadSlotsClaimsOnly) {
  TestRing channel(settings_with(3));
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  Subscriber subscriber(channel, 0);
  must_claim(b, 16);
  const ring::Room of_a = must_claim(a, 24);
  fill(channel.ring, of_a, 1);
  must_claim(b, 32);
  publish(a, 8, 2);
  must_claim(b, 8);
  ASSERT_TRUE(recover(channel.ring, 1));
  EXPECT_EQ(subscriber.drain(), Types{});  // a's first claim is still open
  a.commit(of_a, 24, 1);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2}));
  EXPECT_EQ(subscriber.last(), Outcome::empty);
}

TEST(Repair, LeavesTheMutexOfALiveFellowAlone) {
  TestRing channel(settings_with(3));
  channel.writer(0);
  channel.writer(1);
  sync::RingMutex mutex(channel.ring.control->mutex);
  ASSERT_EQ(mutex.try_lock(mutex_owner(channel.ring, 0)), sync::RingMutex::Result::acquired);
  ASSERT_TRUE(recover(channel.ring, 1));
  EXPECT_EQ(mutex.holder(), mutex_owner(channel.ring, 0));
}

TEST(Repair, GivesTheSlotBackEmpty) {
  TestRing channel(settings_with(2));
  ring::grant_slot(channel.ring, 1, {7, 8, 9, 10});
  channel.ring.seats_control->room_waiters.store(3);
  ASSERT_TRUE(recover(channel.ring, 1));
  const auto& slot = channel.ring.slots[1];
  EXPECT_EQ(slot.word.load().state(), layout::SlotState::free);
  EXPECT_EQ(slot.pid.load(), 0u);
  EXPECT_EQ(slot.session.load(), 0u);
  EXPECT_EQ(channel.ring.seats_control->room_waiters.load(), 1u);
  EXPECT_FALSE(sync::take_token(channel.ring.doorbells[1].bell));
  EXPECT_TRUE(sync::take_token(channel.ring.doorbells[0].bell));
}

// A header in the ring's last 8 bytes goes on where the data area is mapped a second time.
TEST(Repair, ReadsTheNumberOfARecordInTheLastEightBytes) {
  for (const std::uint32_t publishers : {1u, 2u}) {
    TestRing channel(settings_with(publishers));
    auto writer = channel.writer(0);
    Subscriber subscriber(channel, 0);
    for (std::uint32_t i = 0; i < 4; ++i) {
      ASSERT_EQ(publish(writer, i < 3 ? 1008 : 1000, i), Outcome::ok);
      subscriber.drain();
    }
    const std::uint64_t sequence = (std::uint64_t{1} << 32) + 4;
    auto& control = *channel.ring.control;
    ASSERT_EQ(control.publishers.claimed.load(), 4088u);
    control.publishers.sequence.store(sequence);
    channel.ring.record(4088).sequence.store(4);
    channel.ring.record(4088 + 24).word.store(0);
    channel.ring.record(4088).word.store(
        Word(publishers == 1 ? RecordState::committed : RecordState::claimed, 24, 0).bits());
    if (publishers == 2) control.mutex.owner.store(mutex_owner(channel.ring, 0) + 1);
    EXPECT_TRUE(recover(channel.ring, 0));
    EXPECT_EQ(control.publishers.claimed.load(), 4088u + 24);
    EXPECT_EQ(control.publishers.sequence.load(), sequence + 1);
  }
}

TEST(RepairOfASoloRing, GoesOverCommitsThatTheClaimedPositionHasNotReached) {
  TestRing channel;
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  publish(writer, 8, 1);
  const ring::Room room = must_claim(writer, 8);
  fill(channel.ring, room, 2);
  writer.begin_batch(std::span(&room, 1));
  writer.store_word(room, 2);  // dies before the claimed position follows
  ASSERT_TRUE(recover(channel.ring, 0));
  EXPECT_EQ(channel.ring.control->publishers.claimed.load(), 48u);
  EXPECT_EQ(channel.ring.control->publishers.sequence.load(), 2u);
  auto next = channel.writer();
  publish(next, 8, 3);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2, 3}));
}

TEST(RepairOfASoloRing, GivesTheSkipBehindAShortCommitNoNumber) {
  TestRing channel;
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  const ring::Room room = must_claim(writer, 104);  // 0 to 120
  fill(channel.ring, room, 2);                      // what lies behind the skip's word is no number
  channel.ring.record(0).type.store(2);
  channel.ring.record(24).word.store(Word(RecordState::skip, 120 - 24, 0).bits());
  channel.ring.record(0).word.store(Word(RecordState::committed, 24, 0).bits());
  ASSERT_TRUE(recover(channel.ring, 0));
  EXPECT_EQ(channel.ring.control->publishers.claimed.load(), 120u);
  EXPECT_EQ(channel.ring.control->publishers.sequence.load(), 1u);
  auto next = channel.writer();
  publish(next, 8, 3);
  EXPECT_EQ(subscriber.drain(), (Types{2, 3}));
}

TEST(RepairOfASoloRing, DeliversWhatWasCommittedBehindAnOpenClaim) {
  TestRing channel;
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  publish(writer, 8, 1);
  must_claim(writer, 100);
  must_claim(writer, 50);
  publish(writer, 8, 2);
  must_claim(writer, 20);
  ASSERT_TRUE(recover(channel.ring, 0));
  auto next = channel.writer();
  for (std::uint32_t i = 0; i < 200; ++i) {
    publish(next, 8 * (i % 9), i);
    EXPECT_EQ(subscriber.drain(), i == 0 ? (Types{1, 2, 0}) : Types{i});
  }
}

TEST(RepairOfASoloRing, KeepsNumbersStraightOverManyHandovers) {
  TestRing channel;
  Subscriber subscriber(channel, 0);
  std::uint64_t expected = 0;
  for (std::uint32_t holder = 0; holder < 100; ++holder) {
    auto writer = channel.writer();
    for (std::uint32_t i = 0; i < holder % 5; ++i) {
      ASSERT_EQ(publish(writer, 50 + i, i), Outcome::ok);
      ring::Record record;
      ASSERT_EQ(subscriber.next(record), Outcome::ok);
      ASSERT_EQ(record.sequence, expected++);
    }
    const ring::Room open = must_claim(writer, 300);
    const bool more = holder % 2 == 0;
    if (more) publish(writer, 8, 0);
    if (holder % 3 == 0) writer.abort(open);
    if (more || holder % 3 == 0) ++expected;  // else it was never visible
    if (more) ++expected;
    ASSERT_TRUE(recover(channel.ring, 0));
    subscriber.drain();
    ASSERT_EQ(channel.ring.control->publishers.sequence.load(), expected);
  }
}

TEST(RepairOfADamagedRing, SaysSo) {
  TestRing channel(settings_with(2));
  channel.writer(1);
  const auto claimed_by_slot_1 = [](std::uint64_t length) {
    return Word(RecordState::claimed, length, 1).bits();
  };
  for (const std::uint64_t word :
       {claimed_by_slot_1(0), claimed_by_slot_1(7), claimed_by_slot_1(4097),
        claimed_by_slot_1((std::uint64_t{1} << 40) - 1), Word(RecordState(9), 24, 1).bits()}) {
    ring::grant_slot(channel.ring, 1, {});
    channel.ring.control->mutex.owner.store(mutex_owner(channel.ring, 1) + 1);
    channel.ring.record(0).word.store(word);
    EXPECT_FALSE(recover(channel.ring, 1)) << word;
    EXPECT_EQ(channel.ring.control->mutex.owner.load(), 0u);
    EXPECT_EQ(channel.ring.slots[1].word.load().state(), layout::SlotState::free);
  }
}

TEST(RepairOfADamagedRing, EndsOnALoopOfSkips) {
  TestRing channel(settings_with(2));
  ring::grant_slot(channel.ring, 1, {});
  for (std::uint64_t at = 0; at < 4096; at += 8) {
    channel.ring.record(at).word.store(Word(RecordState::skip, 8, 0).bits());
  }
  channel.ring.control->mutex.owner.store(mutex_owner(channel.ring, 1) + 1);
  EXPECT_FALSE(recover(channel.ring, 1));
}

TEST(RepairOfADamagedRing, RefusesAnOldestClaimThatCannotBe) {
  TestRing channel(settings_with(2));
  auto writer = channel.writer(0);
  for (std::uint32_t i = 0; i < 300; ++i) publish(writer, 100, i);
  const std::uint64_t claimed = channel.ring.control->publishers.claimed.load();
  for (const std::uint64_t oldest : {std::uint64_t{0}, claimed - 4097 - 7, claimed + 8,
                                     ~std::uint64_t{0} - 1, std::uint64_t{3}}) {
    channel.ring.slots[1].oldest_claim.store(oldest);
    EXPECT_FALSE(ring::abort_claims_of(channel.ring, 1)) << oldest;
  }
  channel.ring.slots[1].oldest_claim.store(layout::kNoClaim);
  EXPECT_EQ(publish(writer, 100, 1), Outcome::ok);
}

}  // namespace
}  // namespace busbar::test
