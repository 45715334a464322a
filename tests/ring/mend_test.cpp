// SPDX-License-Identifier: Apache-2.0
#include "common/ring/mend.hpp"

#include <gtest/gtest.h>

#include "common/ring/wake.hpp"
#include "common/sync/fence.hpp"
#include "common/sync/process_identity.hpp"
#include "common/sync/ring_mutex.hpp"
#include "tests/ring/asleep.hpp"
#include "tests/ring/messages.hpp"
#include "tests/ring/single_step.hpp"

// Fellows do what the broker would do for the dead, and nobody here plays the broker until it says
// so. The dead are tenants of this very process that are said to have been started at another time.

namespace busbar::test {
namespace {

using layout::SeatState;
using layout::SlotState;
using ring::Recovered;

constexpr std::uint32_t kDead = 1;
constexpr std::uint64_t kHour = 3'600'000'000'000;

ring::Member living() {
  const sync::ProcessIdentity self = sync::own_identity();
  return {1, self.pid, self.start_time, self.pid_namespace};
}
ring::Member dead() {
  ring::Member member = living();
  member.start_time += 1;
  return member;
}

ring::Settings settings(std::uint32_t publishers = 3) {
  ring::Settings wanted = settings_with(publishers);
  wanted.block_timeout_ns = kHour;
  return wanted;
}

class Mend : public testing::Test {
 protected:
  ring::Writer writer(std::uint32_t slot, const ring::Member& member) {
    ring::grant_slot(channel.ring, slot, member);
    return ring::Writer(channel.ring, slot);
  }
  SlotState state(std::uint32_t slot) const { return channel.ring.slots[slot].word.load().state(); }
  std::uint32_t owner(std::uint32_t slot) const { return mutex_owner(channel.ring, slot); }
  /// What everything is like after a death of kDead, whoever has mended.
  void expect_mended() const {
    EXPECT_EQ(channel.ring.slots[kDead].oldest_claim.load(), layout::kNoClaim);
    EXPECT_NE(sync::RingMutex(channel.ring.control->mutex).holder(), owner(kDead));
  }

  TestRing channel{settings()};
};

TEST_F(Mend, ABitOfADeadWaiterForTheMutexIsFoundByWhoWakesForIt) {
  auto live = writer(0, living());
  auto victim = writer(kDead, dead());
  Subscriber subscriber(channel, 0);
  auto& waiters = channel.ring.control->mutex.waiters;
  waiters.store(std::uint64_t{1} << kDead);
  for (std::uint32_t i = 0; i < 300 && waiters.load() != 0; ++i) {
    publish(live, 8, i);
    subscriber.drain();
  }
  EXPECT_EQ(waiters.load(), 0u);
  EXPECT_EQ(state(kDead), SlotState::mended);
  expect_mended();
}

TEST_F(Mend, WhoIsGatedByADeadFellowsClaimAbortsIt) {
  auto live = writer(0, living());
  auto victim = writer(kDead, dead());
  must_claim(victim, 100);
  // No seat: only the open claim gates.
  ring::Interrupt interrupt;
  for (std::uint32_t i = 0; i < 200; ++i) {
    ring::Room room;
    ASSERT_EQ(live.claim(100, room, interrupt), Outcome::ok);
    live.commit(room, 100, i);
  }
  EXPECT_EQ(state(kDead), SlotState::mended);
  expect_mended();
  EXPECT_EQ(ring::recover_slot(channel.ring, kDead), Recovered::done);
  EXPECT_EQ(state(kDead), SlotState::free);
}

TEST_F(Mend, WhoTriesAndIsGatedByADeadFellowsClaimAbortsIt) {
  auto live = writer(0, living());
  auto victim = writer(kDead, dead());
  must_claim(victim, 100);
  while (publish(live, 100, 1) == Outcome::ok && state(kDead) == SlotState::held) {
  }
  EXPECT_EQ(state(kDead), SlotState::mended);
  EXPECT_EQ(publish(live, 100, 1), Outcome::ok);
}

TEST_F(Mend, WhoTriesTakesTheMutexFromADeadFellow) {
  auto live = writer(0, living());
  writer(kDead, dead());
  ASSERT_EQ(sync::RingMutex(channel.ring.control->mutex).try_lock(owner(kDead)),
            sync::RingMutex::Result::acquired);
  EXPECT_EQ(publish(live, 100, 1), Outcome::full);
  EXPECT_EQ(publish(live, 100, 1), Outcome::ok);
  EXPECT_EQ(state(kDead), SlotState::mended);
}

TEST_F(Mend, AReaderInFrontOfADeadPublishersClaimAsksForIt) {
  auto live = writer(0, living());
  auto victim = writer(kDead, dead());
  auto reader = channel.reader(1);
  must_claim(victim, 100);
  ASSERT_EQ(publish(live, 100, 5), Outcome::ok);
  EXPECT_EQ(state(kDead), SlotState::held) << "nobody waits yet";
  ring::Interrupt interrupt;
  Outcome outcome = Outcome::empty;
  Sleeper sleeper([&] { outcome = reader.await(Deadline::never(), interrupt); });
  while (channel.ring.seats_control->mend_wanted.load() == 0) ::sched_yield();
  EXPECT_EQ(state(kDead), SlotState::held) << "a reader cannot mend";
  ASSERT_EQ(publish(live, 100, 6), Outcome::ok);
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
  EXPECT_EQ(state(kDead), SlotState::mended);
  ring::Record record;
  ASSERT_EQ(reader.next(record), Outcome::ok);
  EXPECT_EQ(record.type, 5u);
}

TEST_F(Mend, AHintAboutSomebodyWhoLivesChangesNothing) {
  auto live = writer(0, living());
  auto other = writer(2, living());
  const ring::Room room = must_claim(other, 100);
  channel.ring.seats_control->mend_wanted.store(~std::uint64_t{0});
  ring::hail_publishers(channel.ring);
  ASSERT_EQ(publish(live, 100, 5), Outcome::ok);
  EXPECT_EQ(channel.ring.seats_control->mend_wanted.load(), 0u) << "it was looked at";
  EXPECT_EQ(state(2), SlotState::held);
  fill(channel.ring, room, 1);
  other.commit(room, 100, 1);
  Subscriber subscriber(channel, 0);
  EXPECT_EQ(subscriber.drain(), (Types{1, 5}));
}

TEST_F(Mend, TheBrokerWaitsForNoFellowThatIsAtIt) {
  writer(0, living());
  auto victim = writer(kDead, dead());
  must_claim(victim, 100);
  const auto seen = channel.ring.slots[kDead].word.load();
  ASSERT_TRUE(ring::begin_mending(channel.ring, kDead, seen, owner(0)));
  EXPECT_EQ(ring::recover_slot(channel.ring, kDead), Recovered::later);
  EXPECT_FALSE(ring::begin_mending(channel.ring, kDead, channel.ring.slots[kDead].word.load(),
                                   mutex_owner(channel.ring, 2)));
  EXPECT_NE(channel.ring.slots[kDead].oldest_claim.load(), layout::kNoClaim);
  // The fellow is gone too, as the broker has learnt.
  EXPECT_EQ(ring::recover_slot(channel.ring, 0), Recovered::done);
  EXPECT_EQ(ring::recover_slot(channel.ring, kDead), Recovered::done);
  expect_mended();
}

TEST_F(Mend, AFellowTakesOverFromABrokerThatIsGone) {
  auto live = writer(0, living());
  auto victim = writer(kDead, dead());
  must_claim(victim, 100);
  ring::set_broker(channel.ring, living(), 3);
  const auto seen = channel.ring.slots[kDead].word.load();
  ASSERT_TRUE(
      ring::begin_mending(channel.ring, kDead, seen, layout::mutex_owner(layout::kBrokerOwner, 3)));
  EXPECT_FALSE(ring::mend_if_gone(channel.ring, kDead, owner(0)));
  ring::set_broker(channel.ring, dead(), 3);
  EXPECT_TRUE(ring::mend_if_gone(channel.ring, kDead, owner(0)));
  EXPECT_EQ(state(kDead), SlotState::mended);
}

TEST_F(Mend, ASlotThatWasLeftInPeaceIsNotTouched) {
  writer(0, living());
  writer(kDead, dead());
  ring::leave_slot(channel.ring, kDead);
  EXPECT_FALSE(ring::mend_if_gone(channel.ring, kDead, owner(0)));
  EXPECT_EQ(state(kDead), SlotState::left);
}

TEST_F(Mend, ADeadSeatGatesNobodyAndItsPinsDoNotCount) {
  auto live = writer(0, living());
  ring::grant_seat(channel.ring, 4, dead());
  ring::Receiver receiver(channel.ring, 4, ring::JoinAt::oldest, ring::SeatKind::reliable);
  for (std::uint32_t i = 0; i < 3; ++i) ASSERT_EQ(publish(live, 100, i), Outcome::ok);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ring::Record record;
    std::uint32_t place = 0;
    ASSERT_EQ(receiver.try_take(record, place), Outcome::ok);  // two of them are pinned
  }
  ring::Interrupt interrupt;
  for (std::uint32_t i = 0; i < 100; ++i) {
    ring::Room room;
    ASSERT_EQ(live.claim(1000, room, interrupt), Outcome::ok);
    live.commit(room, 1000, i);
  }
  EXPECT_EQ(channel.ring.seats[4].word.load().state(), SeatState::dead);
  EXPECT_NE(channel.ring.seats_control->active[0].load() & (1u << 4), 0u);
  ring::reap_seat(channel.ring, 4);
  EXPECT_EQ(channel.ring.seats[4].word.load().state(), SeatState::free);
}

TEST_F(Mend, ADeadSeatDoesNotStopAPublisherThatDropsTheNewest) {
  ring::Settings wanted = settings(1);
  wanted.when_full = layout::WhenFull::drop_newest;
  channel = TestRing(wanted);
  auto live = writer(0, living());
  ring::grant_seat(channel.ring, 0, dead());
  ring::join(channel.ring, 0, ring::JoinAt::oldest);
  while (publish(live, 100, 1) == Outcome::ok) {
  }
  EXPECT_EQ(channel.ring.seats[0].word.load().state(), SeatState::dead);
  EXPECT_EQ(publish(live, 100, 1), Outcome::ok);
}

TEST_F(Mend, ASeatOfOneWhoLivesGoesOnGating) {
  auto live = writer(0, living());
  ring::grant_seat(channel.ring, 0, living());
  ring::join(channel.ring, 0, ring::JoinAt::oldest);
  publish_until_full(live, 100);
  EXPECT_EQ(channel.ring.seats[0].word.load().state(), SeatState::reliable);
}

class StepOfAMender : public Mend {
 protected:
  void SetUp() override {
    if (const char* why = SingleStep::why_not()) GTEST_SKIP() << why;
    sync::register_membarrier();
  }
  /// kDead has died with an open claim, and inside the mutex with a record that is half made.
  void let_die(bool in_mutex) {
    auto victim = writer(kDead, dead());
    must_claim(victim, 100);
    ring::Writer& fellow = *fellow_;
    ASSERT_EQ(publish(fellow, 50, 7), Outcome::ok);
    // A death that needs no look at /proc, whose thousands of instructions are not of interest.
    ring::leave_slot(channel.ring, kDead);
    if (!in_mutex) return;
    auto& line = channel.ring.control->publishers;
    ASSERT_EQ(sync::RingMutex(channel.ring.control->mutex).try_lock(owner(kDead)),
              sync::RingMutex::Result::acquired);
    const std::uint64_t at = line.claimed.load();
    channel.ring.record(at).sequence.store(static_cast<std::uint32_t>(line.sequence.load()));
    channel.ring.record(at + 64).word.store(0);
    channel.ring.record(at).word.store(
        layout::Word(layout::RecordState::claimed, 64, kDead).bits());
  }
  void check(Subscriber& subscriber, ring::Writer& next) {
    expect_mended();
    EXPECT_EQ(sync::RingMutex(channel.ring.control->mutex).holder(), sync::RingMutex::kFree);
    Types expected{7};
    for (std::uint32_t i = 100; i < 200; ++i) {
      ASSERT_EQ(publish(next, i, i), Outcome::ok);
      expected.push_back(i);
      ASSERT_EQ(subscriber.drain(), expected);
      expected.clear();
    }
  }

  std::optional<ring::Writer> fellow_;
};

TEST_F(StepOfAMender, MayBeItsLastOne) {
  for (const bool in_mutex : {false, true}) {
    for (const bool broker_is_next : {false, true}) {
      SingleStep::each([&](int n) {
        SCOPED_TRACE("instruction " + std::to_string(n));
        channel = TestRing(settings());
        fellow_.emplace(writer(0, dead()));  // will have been killed by then
        auto next = writer(2, living());
        Subscriber subscriber(channel, 1);
        let_die(in_mutex);
        const std::uint32_t own = owner(0);
        SingleStep::kill(n, [&] { ring::mend_if_gone(channel.ring, kDead, own); });
        if (broker_is_next) {
          EXPECT_TRUE(recover(channel.ring, 0));
          EXPECT_TRUE(recover(channel.ring, kDead));
          EXPECT_EQ(state(kDead), SlotState::free);
        } else {
          ring::mend_if_gone(channel.ring, kDead, owner(2));
          EXPECT_EQ(state(kDead), SlotState::mended);
          ring::mend_if_gone(channel.ring, 0, owner(2));  // it may have had the mutex
        }
        check(subscriber, next);
        return !HasFailure();
      });
    }
  }
}

TEST_F(StepOfAMender, IsNotDisturbedByTheBrokerAndTheSlotsNextTenant) {
  for (const bool in_mutex : {false, true}) {
    SingleStep::each([&](int n) {
      SCOPED_TRACE("instruction " + std::to_string(n));
      channel = TestRing(settings());
      fellow_.emplace(writer(0, living()));
      Subscriber subscriber(channel, 1);
      let_die(in_mutex);
      const std::uint32_t own = owner(0);
      std::optional<ring::Writer> tenant;
      ring::Room room;
      SingleStep::interrupt(
          n, [&] { ring::mend_if_gone(channel.ring, kDead, own); },
          [&] {
            if (ring::recover_slot(channel.ring, kDead) != Recovered::done) return;
            tenant.emplace(writer(kDead, living()));
            room = must_claim(*tenant, 30);
          });
      if (tenant) {
        EXPECT_EQ(state(kDead), SlotState::held);
        fill(channel.ring, room, 9);
        tenant->commit(room, 30, 9);
        EXPECT_EQ(subscriber.drain(), (Types{7, 9}));
      } else {
        EXPECT_TRUE(recover(channel.ring, kDead));
        check(subscriber, *fellow_);
      }
      return !HasFailure();
    });
  }
}

TEST_F(StepOfAMender, ThatEvictsASeatNeverHitsItsNextTenant) {
  SingleStep::each([&](int n) {
    SCOPED_TRACE("instruction " + std::to_string(n));
    ring::Settings wanted = settings(1);
    wanted.when_full = layout::WhenFull::evict;
    channel = TestRing(wanted);
    auto live = writer(0, living());
    channel.reader(0);
    while (channel.ring.control->publishers.claimed.load() < 3900) publish(live, 20, 0);
    ring::Room room;
    bool given = false;
    SingleStep::interrupt(
        n, [&] { (void)live.try_claim(500, room); },
        [&] {
          ring::reap_seat(channel.ring, 0);
          ring::grant_seat(channel.ring, 0, living());
          ring::join(channel.ring, 0, ring::JoinAt::now);
          given = true;
        });
    EXPECT_EQ(channel.ring.seats[0].word.load().state(),
              given ? SeatState::reliable : SeatState::evicted);
    return !HasFailure();
  });
}

}  // namespace
}  // namespace busbar::test
