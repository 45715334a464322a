#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>

#include "common/sync/pause.hpp"
#include "tests/ring/asleep.hpp"
#include "tests/ring/messages.hpp"

namespace busbar::test {
namespace {

TEST(EndOfStream, OfTheOnlyPublisherComesBehindWhatWasCommitted) {
  TestRing channel;
  auto writer = channel.writer();
  Subscriber subscriber(channel, 0);
  ring::Interrupt interrupt;
  publish(writer, 10, 1);
  EXPECT_EQ(writer.end(interrupt), Outcome::ok);
  EXPECT_EQ(subscriber.drain(), Types{1});
  EXPECT_EQ(subscriber.last(), Outcome::ended);
}

TEST(EndOfStream, LetsNothingFollow) {
  TestRing channel;
  auto writer = channel.writer();
  ring::Interrupt interrupt;
  EXPECT_EQ(writer.end(interrupt), Outcome::ok);
  ring::Room room;
  EXPECT_EQ(writer.try_claim(8, room), Outcome::ended);
  EXPECT_EQ(writer.claim(8, room, interrupt), Outcome::ended);
  EXPECT_EQ(writer.end(interrupt), Outcome::ended);
  EXPECT_TRUE(ring::slot_counts(channel.ring, 0).ended);
}

TEST(EndOfStream, OfSeveralPublishersIsTheLastOnes) {
  TestRing channel(settings_with(3));
  auto a = channel.writer(0);
  auto b = channel.writer(2);
  Subscriber subscriber(channel, 0);
  ring::Interrupt interrupt;
  publish(a, 10, 1);
  EXPECT_EQ(a.end(interrupt), Outcome::ok);
  publish(b, 10, 2);
  EXPECT_EQ(subscriber.drain(), (Types{1, 2}));
  EXPECT_EQ(subscriber.last(), Outcome::empty);
  EXPECT_EQ(b.end(interrupt), Outcome::ok);
  EXPECT_EQ(subscriber.drain(), Types{});
  EXPECT_EQ(subscriber.last(), Outcome::ended);
}

TEST(EndOfStream, DoesNotWaitForPublishersThatHaveGone) {
  TestRing channel(settings_with(2));
  auto a = channel.writer(0);
  auto b = channel.writer(1);
  Subscriber subscriber(channel, 0);
  ring::Interrupt interrupt;
  ring::leave_slot(channel.ring, 0);
  EXPECT_EQ(b.end(interrupt), Outcome::ok);
  EXPECT_EQ(subscriber.drain(), Types{});
  EXPECT_EQ(subscriber.last(), Outcome::ended);
}

TEST(EndOfStream, OfAnEarlierHolderIsNotTheNextOnes) {
  TestRing channel(settings_with(2));
  auto first = channel.writer(0);
  ring::Interrupt interrupt;
  EXPECT_EQ(first.end(interrupt), Outcome::ok);
  ring::leave_slot(channel.ring, 0);
  recover(channel.ring, 0);
  auto second = channel.writer(0);
  EXPECT_FALSE(ring::slot_counts(channel.ring, 0).ended);
  EXPECT_EQ(publish(second, 10, 1), Outcome::ok);
}

TEST(EndOfStream, WaitsForRoomEvenWhereMessagesAreDropped) {
  ring::Settings settings;
  settings.when_full = layout::WhenFull::drop_newest;
  settings.block_timeout_ns = 3'600'000'000'000;
  sync::register_membarrier();
  TestRing channel(settings);
  auto writer = channel.writer();
  Subscriber slow(channel, 0);
  publish_until_full(writer, 0);
  const std::uint64_t dropped = ring::channel_counts(channel.ring).dropped;
  ring::Interrupt interrupt;
  Outcome outcome = Outcome::empty;
  Sleeper ender([&] { outcome = writer.end(interrupt); });
  ASSERT_TRUE(ender.wait_until_asleep());
  slow.drain();
  EXPECT_TRUE(ender.was_woken());
  EXPECT_EQ(outcome, Outcome::ok);
  if (slow.last() != Outcome::ended) slow.drain();
  EXPECT_EQ(slow.last(), Outcome::ended);
  EXPECT_EQ(ring::channel_counts(channel.ring).dropped, dropped);
}

// A publisher that ends is stopped at a random instruction, its fellow publishes and ends: the
// end may not lie before the fellow's message.
std::atomic<bool> stopped{false};
std::atomic<bool> go_on{false};

TEST(EndOfStream, ComesBehindAFellowsLastMessageHoweverTheyInterleave) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "signals are delayed under ThreadSanitizer";
#endif
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    stopped.store(true);
    while (!go_on.load()) ::sched_yield();
  };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  ring::Settings settings = settings_with(2, 16384);
  settings.block_timeout_ns = 3'600'000'000'000;
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    TestRing channel(settings);
    auto a = channel.writer(0);
    auto b = channel.writer(1);
    Subscriber subscriber(channel, 0);
    stopped.store(false);
    go_on.store(false);
    std::atomic<bool> ready{false};
    std::thread ender([&] {
      ring::Interrupt interrupt;
      ready.store(true);
      for (int spin = 0; spin < round % 200; ++spin) sync::pause();
      a.end(interrupt);
      while (!stopped.load()) ::sched_yield();
    });
    while (!ready.load()) {
    }
    ::pthread_kill(ender.native_handle(), SIGUSR1);
    while (!stopped.load()) ::sched_yield();
    ring::Interrupt interrupt;
    const bool published = publish(b, 8, 2) == Outcome::ok;  // else it was stopped inside the mutex
    if (!published) go_on.store(true);
    if (published && channel.ring.control->mutex.owner.load() == 0) {
      b.end(interrupt);
      go_on.store(true);
    } else {
      go_on.store(true);
      b.end(interrupt);
    }
    ender.join();
    EXPECT_EQ(subscriber.drain(), published ? Types{2} : Types{});
    EXPECT_EQ(subscriber.last(), Outcome::ended);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace busbar::test
