// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "common/sync/doorbell.hpp"
#include "common/sync/ring_mutex.hpp"
#include "tests/ring/asleep.hpp"
#include "tests/ring/messages.hpp"

// Who waits is called back, and told who stands in the way.

namespace busbar::test {
namespace {

using ring::Blocker;

class Recorder final : public ring::Lookout {
 public:
  bool look(const Blocker* blocker) noexcept override {
    ++looks;
    if (blocker != nullptr) {
      is_publisher = blocker->is_publisher;
      index = blocker->index;
      named.store(true);
    }
    return go_on(named.load());
  }

  std::function<bool(bool named)> go_on = [](bool) { return true; };
  std::atomic<int> looks{0};
  std::atomic<bool> named{false};
  std::atomic<bool> is_publisher{false};
  std::atomic<std::uint32_t> index{77};
};

ring::Settings patient(std::uint32_t publishers) {
  ring::Settings wanted = settings_with(publishers);
  wanted.block_timeout_ns = 3'600'000'000'000;
  return wanted;
}

TEST(Lookout, OfAReaderLooksOnceBeforeItSleepsAndAfterEachRing) {
  TestRing channel(patient(2));
  auto reader = channel.reader();
  Recorder recorder;
  reader.set_lookout(&recorder);
  recorder.go_on = [&](bool) { return recorder.looks.load() < 3; };
  Outcome outcome = Outcome::ok;
  Sleeper sleeper([&] {
    ring::Interrupt interrupt;
    outcome = reader.await(Deadline::never(), interrupt);
  });
  while (!sleeper.done()) {
    sleeper.wait_until_asleep();
    sync::ring_bell(channel.ring.seats[0].bell);
  }
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(outcome, Outcome::closed);
  EXPECT_FALSE(recorder.named.load()) << "in front of an empty record nobody is in the way";
}

TEST(Lookout, OfAReaderIsToldWhoseClaimIsInFront) {
  TestRing channel(patient(2));
  channel.writer(0);
  auto writer = channel.writer(1);
  must_claim(writer, 100);
  auto reader = channel.reader();
  Recorder recorder;
  reader.set_lookout(&recorder);
  recorder.go_on = [&](bool named) { return !named; };
  ring::Interrupt interrupt;
  EXPECT_EQ(reader.await(Deadline::never(), interrupt), Outcome::closed);
  EXPECT_TRUE(recorder.is_publisher.load());
  EXPECT_EQ(recorder.index.load(), 1u);
}

TEST(Lookout, OfAWriterIsToldWhoHoldsTheMutex) {
  TestRing channel(patient(2));
  auto writer = channel.writer(0);
  channel.writer(1);
  sync::RingMutex mutex(channel.ring.control->mutex);
  ASSERT_EQ(mutex.try_lock(mutex_owner(channel.ring, 1)), sync::RingMutex::Result::acquired);
  Recorder recorder;
  writer.set_lookout(&recorder);
  recorder.go_on = [&](bool named) { return !named; };
  ring::Interrupt interrupt;
  ring::Room room;
  EXPECT_EQ(writer.claim(8, room, interrupt), Outcome::closed);
  EXPECT_TRUE(recorder.is_publisher.load());
  EXPECT_EQ(recorder.index.load(), 1u);
  EXPECT_EQ(mutex.holder(), mutex_owner(channel.ring, 1));
}

TEST(Lookout, KeepsNothingBackThatIsThere) {
  TestRing channel(patient(2));
  auto writer = channel.writer(0);
  auto reader = channel.reader();
  Recorder recorder;
  reader.set_lookout(&recorder);
  recorder.go_on = [](bool) { return false; };
  publish(writer, 8, 1);
  ring::Interrupt interrupt;
  EXPECT_EQ(reader.await(Deadline::never(), interrupt), Outcome::ok);
}

TEST(Adoption, TellsEveryMemberOfTheNewBroker) {
  TestRing channel(patient(2));
  auto writer = channel.writer(0);
  auto reader = channel.reader();
  std::atomic<std::uint64_t> seen{0};
  Recorder recorder;
  recorder.go_on = [&](bool) {
    seen = channel.ring.seats_control->broker_epoch.load();
    return seen.load() != 2;
  };
  reader.set_lookout(&recorder);
  Sleeper sleeper([&] {
    ring::Interrupt interrupt;
    reader.await(Deadline::never(), interrupt);
  });
  ASSERT_TRUE(sleeper.wait_until_asleep());
  EXPECT_TRUE(ring::adopt(channel.ring, {0, 1, 2, 3}, 2));
  EXPECT_TRUE(sleeper.was_woken());
  EXPECT_EQ(seen.load(), 2u);

  ring::Room room = must_claim(writer, 8);  // has looked for room
  Recorder of_writer;
  writer.set_lookout(&of_writer);
  writer.commit(room, 8, 1);
  EXPECT_EQ(of_writer.looks.load(), 1);
  publish(writer, 8, 1);
  EXPECT_EQ(of_writer.looks.load(), 1) << "a commit that wakes nobody looks at nothing";
}

TEST(Adoption, TakesTheMutexFromTheLastBrokerOnly) {
  TestRing channel(patient(2));
  channel.writer(0);
  sync::RingMutex mutex(channel.ring.control->mutex);
  ASSERT_EQ(mutex.try_lock(layout::mutex_owner(layout::kBrokerOwner, 1)),
            sync::RingMutex::Result::acquired);
  EXPECT_TRUE(ring::adopt(channel.ring, {0, 1, 2, 3}, 2));
  EXPECT_EQ(mutex.holder(), sync::RingMutex::kFree);
  ASSERT_EQ(mutex.try_lock(mutex_owner(channel.ring, 0)), sync::RingMutex::Result::acquired);
  EXPECT_TRUE(ring::adopt(channel.ring, {0, 1, 2, 3}, 3));
  EXPECT_EQ(mutex.holder(), mutex_owner(channel.ring, 0));
}

TEST(Adoption, FindsWhoStandsWhere) {
  TestRing channel(patient(2));
  const ring::Member member{7, 8, 9, 10};
  EXPECT_TRUE(ring::slot_standing(channel.ring, 1).is_free);
  EXPECT_TRUE(ring::seat_standing(channel.ring, 1).is_free);
  ring::grant_slot(channel.ring, 1, member);
  ring::grant_seat(channel.ring, 1, member);
  for (const ring::Standing& place :
       {ring::slot_standing(channel.ring, 1), ring::seat_standing(channel.ring, 1)}) {
    EXPECT_FALSE(place.is_free || place.has_left);
    EXPECT_EQ(place.member.session, 7u);
    EXPECT_EQ(place.member.pid, 8u);
    EXPECT_EQ(place.member.start_time, 9u);
    EXPECT_EQ(place.member.pid_namespace, 10u);
  }
  ring::leave_slot(channel.ring, 1);
  ring::leave_seat(channel.ring, 1);
  EXPECT_TRUE(ring::slot_standing(channel.ring, 1).has_left);
  EXPECT_TRUE(ring::seat_standing(channel.ring, 1).has_left);
}

}  // namespace
}  // namespace busbar::test
