#include "common/sync/ring_mutex.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "tests/ring/asleep.hpp"

namespace busbar::sync {
namespace {

using namespace std::chrono_literals;
using Result = RingMutex::Result;

bool nobody_is_dead(std::uint32_t, void*) {
  return false;
}

class RingMutexTest : public testing::Test {
 protected:
  std::unique_ptr<layout::MutexLine> line = std::make_unique<layout::MutexLine>();
  RingMutex mutex{*line};

  Result lock(std::uint32_t owner, Deadline deadline = Deadline::never()) {
    return mutex.lock(owner, deadline, nobody_is_dead, nullptr);
  }
};

TEST_F(RingMutexTest, SaysWhoHoldsIt) {
  EXPECT_EQ(mutex.holder(), RingMutex::kFree);
  EXPECT_EQ(lock(0), Result::acquired);
  EXPECT_EQ(mutex.holder(), 0u);
  mutex.unlock();
  EXPECT_EQ(mutex.holder(), RingMutex::kFree);
  EXPECT_EQ(lock(layout::kBrokerOwner), Result::acquired);
  EXPECT_EQ(mutex.holder(), layout::kBrokerOwner);
}

TEST_F(RingMutexTest, TryLockTakesItOnceOnly) {
  EXPECT_EQ(mutex.try_lock(3), Result::acquired);
  EXPECT_EQ(mutex.try_lock(4), Result::busy);
  EXPECT_EQ(mutex.try_lock(3), Result::busy);
  EXPECT_EQ(mutex.holder(), 3u);
}

TEST_F(RingMutexTest, LockGivesUpAtItsDeadline) {
  ASSERT_EQ(mutex.try_lock(1), Result::acquired);
  EXPECT_EQ(lock(2, Deadline::after(1ms)), Result::timed_out);
  EXPECT_EQ(mutex.holder(), 1u);
}

TEST_F(RingMutexTest, CanBeHadAfterSomebodyHasGivenUp) {
  ASSERT_EQ(mutex.try_lock(1), Result::acquired);
  ASSERT_EQ(lock(2, Deadline::after(1ms)), Result::timed_out);
  mutex.unlock();
  EXPECT_EQ(mutex.try_lock(2), Result::acquired);
}

TEST_F(RingMutexTest, UnlockWakesASleeper) {
  ASSERT_EQ(mutex.try_lock(1), Result::acquired);
  Result result = Result::busy;
  test::Sleeper waiter([&] { result = lock(2); });
  ASSERT_TRUE(waiter.wait_until_asleep());
  mutex.unlock();
  waiter.join();
  EXPECT_EQ(result, Result::acquired);
  EXPECT_EQ(mutex.holder(), 2u);
}

TEST_F(RingMutexTest, EverySleeperGetsItsTurn) {
  ASSERT_EQ(mutex.try_lock(0), Result::acquired);
  std::atomic<int> turns{0};
  {
    std::vector<std::unique_ptr<test::Sleeper>> waiters;
    for (std::uint32_t i = 1; i <= 4; ++i) {
      waiters.push_back(std::make_unique<test::Sleeper>([&, i] {
        ASSERT_EQ(lock(i), Result::acquired);
        ++turns;
        mutex.unlock();
      }));
    }
    for (const auto& waiter : waiters) waiter->wait_until_asleep();
    mutex.unlock();
  }
  EXPECT_EQ(turns, 4);
  EXPECT_EQ(mutex.holder(), RingMutex::kFree);
}

TEST_F(RingMutexTest, KeepsThreadsApart) {
  std::uint64_t counter = 0;  // plain: TSan and the sum both tell
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    threads.emplace_back([&, slot] {
      for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(lock(slot), Result::acquired);
        ASSERT_EQ(mutex.holder(), slot);
        ++counter;
        mutex.unlock();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter, 20000u);
}

TEST_F(RingMutexTest, IsTakenOverFromExactlyThatSlot) {
  ASSERT_EQ(mutex.try_lock(5), Result::acquired);
  EXPECT_FALSE(mutex.take_over(4, 7));
  EXPECT_FALSE(mutex.take_over(6, 7));
  EXPECT_EQ(mutex.holder(), 5u);
  EXPECT_TRUE(mutex.take_over(5, 7));
  EXPECT_EQ(mutex.holder(), 7u);
  EXPECT_FALSE(mutex.take_over(5, 8));
}

TEST_F(RingMutexTest, IsNotTakenOverWhenItIsFree) {
  for (const std::uint32_t slot : {0u, 1u, layout::kBrokerOwner, RingMutex::kFree}) {
    EXPECT_FALSE(mutex.take_over(slot, 2));
  }
  EXPECT_EQ(mutex.holder(), RingMutex::kFree);
}

TEST_F(RingMutexTest, IsTakenOverFromAContendedOwnerToo) {
  ASSERT_EQ(mutex.try_lock(1), Result::acquired);
  ASSERT_EQ(lock(2, Deadline::after(1ms)), Result::timed_out);  // marks it as contended
  EXPECT_TRUE(mutex.take_over(1, layout::kBrokerOwner));
  EXPECT_EQ(mutex.holder(), layout::kBrokerOwner);
}

TEST_F(RingMutexTest, SleepersOfADeadOwnerAreWokenByWhoTookOver) {
  ASSERT_EQ(mutex.try_lock(1), Result::acquired);
  test::Sleeper waiter([&] {
    ASSERT_EQ(lock(2), Result::acquired);
    mutex.unlock();
  });
  ASSERT_TRUE(waiter.wait_until_asleep());
  ASSERT_TRUE(mutex.take_over(1, layout::kBrokerOwner));
  mutex.unlock();
  waiter.join();
  EXPECT_EQ(mutex.holder(), RingMutex::kFree);
}

TEST_F(RingMutexTest, AWaiterAsksWhetherTheHolderIsDead) {
  ASSERT_EQ(mutex.try_lock(9), Result::acquired);
  std::uint32_t asked = 0;
  const auto is_dead = [](std::uint32_t owner, void* context) {
    *static_cast<std::uint32_t*>(context) = owner;
    return true;
  };
  EXPECT_EQ(mutex.lock(2, Deadline::never(), is_dead, &asked), Result::owner_dead);
  EXPECT_EQ(asked, 9u);
  EXPECT_EQ(mutex.holder(), 9u);  // nothing was changed
}

TEST_F(RingMutexTest, NobodyIsAskedAboutAFreeMutex) {
  const auto is_dead = [](std::uint32_t, void*) {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(mutex.lock(2, Deadline::never(), is_dead, nullptr), Result::acquired);
}

TEST_F(RingMutexTest, HostileWordsAreNobodysLock) {
  line->owner.store(0x80000000);
  EXPECT_FALSE(mutex.take_over(0, 1));
  line->owner.store(0x12345);
  EXPECT_FALSE(mutex.take_over(0, 1));
  EXPECT_EQ(lock(1, Deadline::after(1ms)), Result::timed_out);
}

}  // namespace
}  // namespace busbar::sync
