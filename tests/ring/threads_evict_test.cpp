#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <iostream>
#include <thread>
#include <vector>

#include "tests/ring/messages.hpp"

// Readers that are evicted, hold messages and join again while publishers run at full speed.

namespace busbar::test {
namespace {

using ring::JoinAt;
using ring::Record;
using ring::Room;
using ring::SeatKind;

#ifdef __SANITIZE_THREAD__
constexpr std::uint32_t kMessages = 20'000;
#else
constexpr std::uint32_t kMessages = 200'000;
#endif

struct Held {
  Record record;
  std::uint32_t place = 0;
};

class EvictThreads : public testing::TestWithParam<std::uint32_t> {
 protected:
  static ring::Settings settings() {
    ring::Settings settings = settings_with(GetParam(), 8192);
    settings.when_full = layout::WhenFull::evict;
    settings.fence_rule = sync::best_fence_rule();
    settings.block_timeout_ns = 3'600'000'000'000;
    return settings;
  }
  void SetUp() override { sync::register_membarrier(); }

  void run_publisher(std::uint32_t slot) {
    ring::Writer writer(channel.ring, slot);
    ring::Interrupt interrupt;
    for (std::uint32_t i = 0; i < kMessages / GetParam(); ++i) {
      Room room;
      ASSERT_EQ(writer.claim(i % 200, room, interrupt), Outcome::ok);
      const std::uint32_t seed = slot << 24 | i;
      fill_word_by_word(channel.ring, room, seed);
      writer.commit(room, room.size, seed);
    }
  }

  bool whole(const Record& record) const {
    return first_wrong_byte(channel.ring, record.position, record.size, record.type) == record.size;
  }

  /// Reads without a gap and keeps some, until it is evicted or there is no more. Counts evictions.
  void stay(std::uint32_t seat, std::size_t keep) {
    ring::Receiver receiver = channel.receiver(seat, JoinAt::now);
    std::deque<Held> held;
    std::uint64_t next = 0;
    Outcome outcome = Outcome::ok;
    for (;;) {
      const bool last_round = done.load();
      Held taken;
      outcome = receiver.try_take(taken.record, taken.place);
      if (outcome == Outcome::evicted || (outcome == Outcome::empty && last_round)) break;
      if (outcome == Outcome::empty) continue;
      ASSERT_EQ(outcome, Outcome::ok);
      ASSERT_TRUE(whole(taken.record));
      if (next != 0) {
        ASSERT_EQ(taken.record.sequence, next) << "a reliable seat misses nothing";
      }
      next = taken.record.sequence + 1;
      held.push_back(taken);
      if (next % 512 == 0) std::this_thread::yield();
      if (held.size() <= keep) continue;
      ASSERT_TRUE(whole(held.front().record));
      ASSERT_FALSE(receiver.let_go(held.front().place));
      held.pop_front();
    }
    if (outcome == Outcome::evicted) evictions.fetch_add(1);
    for (const Held& kept : held) {
      ASSERT_TRUE(whole(kept.record)) << "evicted, and its message was taken away";
      ASSERT_FALSE(receiver.let_go(kept.place));
    }
    ASSERT_TRUE(receiver.close());
    ring::leave_seat(channel.ring, seat);
    ring::reap_seat(channel.ring, seat);
  }

  TestRing channel{settings()};
  std::atomic<bool> done{false};
  std::atomic<std::uint32_t> evictions{0};
};
INSTANTIATE_TEST_SUITE_P(Publishers, EvictThreads, testing::Values(1u, 3u));

TEST_P(EvictThreads, MissNothingAndKeepWhatTheyHoldUntilTheyAreEvicted) {
  for (std::uint32_t slot = 0; slot < GetParam(); ++slot) ring::grant_slot(channel.ring, slot, {});
  std::vector<std::thread> readers;
  for (std::uint32_t seat = 0; seat < 2; ++seat) {
    readers.emplace_back([&, seat] {
      while (!done.load()) stay(seat, seat * 3);
    });
  }
  std::vector<std::thread> publishers;
  for (std::uint32_t slot = 0; slot < GetParam(); ++slot) {
    publishers.emplace_back([&, slot] { run_publisher(slot); });
  }
  for (auto& publisher : publishers) publisher.join();
  done.store(true);
  for (auto& reader : readers) reader.join();
  EXPECT_GE(ring::channel_counts(channel.ring).evicted, evictions.load());
  std::cout << evictions.load() << " evictions\n";
}

}  // namespace
}  // namespace busbar::test
