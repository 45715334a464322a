#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "tests/ring/messages.hpp"

// Readers that are lapped or hold messages while publishers run at full speed.

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

struct Run {
  const char* name;
  std::uint32_t publishers;
  std::uint64_t capacity;
  layout::FenceRule rule;
};

class LossyThreads : public testing::TestWithParam<Run> {
 protected:
  static ring::Settings settings() {
    ring::Settings settings = settings_with(GetParam().publishers, GetParam().capacity);
    settings.fence_rule = sync::best_fence_rule() == layout::FenceRule::full
                              ? layout::FenceRule::full
                              : GetParam().rule;
    settings.block_timeout_ns = 3'600'000'000'000;
    return settings;
  }

  /// Publishes, every tenth claim of the odd ones aborted; returns how many were committed.
  std::uint32_t run_publisher(std::uint32_t slot) {
    ring::Writer writer(channel.ring, slot);
    ring::Interrupt interrupt;
    std::uint32_t committed = 0;
    for (std::uint32_t i = 0; i < kMessages / GetParam().publishers; ++i) {
      Room room;
      EXPECT_EQ(writer.claim(i % 200, room, interrupt), Outcome::ok);
      const std::uint32_t seed = slot << 24 | i;
      fill_word_by_word(channel.ring, room, seed);
      if (slot % 2 == 1 && i % 10 == 0) {
        writer.abort(room);
        continue;
      }
      writer.commit(room, i % 3 == 0 ? room.size / 2 : room.size, seed);
      ++committed;
    }
    return committed;
  }

  std::uint64_t run_publishers() {
    std::atomic<std::uint64_t> sent{0};
    std::vector<std::thread> threads;
    for (std::uint32_t slot = 0; slot < GetParam().publishers; ++slot) {
      threads.emplace_back([&, slot] { sent += run_publisher(slot); });
    }
    for (auto& thread : threads) thread.join();
    done.store(true);
    return sent;
  }

  bool whole(const Record& record) const {
    return first_wrong_byte(channel.ring, record.position, record.size, record.type) == record.size;
  }

  TestRing channel{settings()};
  std::atomic<bool> done{false};
};

INSTANTIATE_TEST_SUITE_P(
    Rings, LossyThreads,
    testing::Values(Run{"one_publisher_tiny", 1, 4096, layout::FenceRule::membarrier},
                    Run{"one_publisher_tiny_full", 1, 4096, layout::FenceRule::full},
                    Run{"one_publisher", 1, 65536, layout::FenceRule::membarrier},
                    Run{"four_publishers_tiny", 4, 4096, layout::FenceRule::membarrier},
                    Run{"four_publishers", 4, 65536, layout::FenceRule::membarrier}),
    [](const auto& run) { return run.param.name; });

// A slow reader checks each message twice, holds some, and knows how many it missed.
TEST_P(LossyThreads, SeeWholeMessagesAndCountTheRest) {
  sync::register_membarrier();
  for (std::uint32_t slot = 0; slot < GetParam().publishers; ++slot) {
    ring::grant_slot(channel.ring, slot, {});
  }
  ring::Receiver receivers[] = {channel.receiver(0, JoinAt::oldest, SeatKind::lossy),
                                channel.receiver(1, JoinAt::oldest, SeatKind::lossy)};
  std::uint64_t received[2] = {};
  const auto read = [&](std::uint32_t seat) {
    struct Held {
      Record record;
      std::uint32_t place;
    };
    ring::Receiver& receiver = receivers[seat];
    std::deque<Held> held;
    for (;;) {
      const bool last_round = done.load();
      Held next{};
      const Outcome outcome = receiver.try_take(next.record, next.place);
      if (outcome == Outcome::overrun) continue;
      if (outcome == Outcome::empty) {
        if (last_round) break;
        std::this_thread::yield();
        continue;
      }
      ASSERT_EQ(outcome, Outcome::ok);
      ASSERT_TRUE(whole(next.record));
      ++received[seat];
      held.push_back(next);
      if (received[seat] % 64 == 0) std::this_thread::yield();
      if (held.size() <= seat * 6) continue;
      ASSERT_TRUE(whole(held.front().record)) << "torn while held";
      ASSERT_FALSE(receiver.let_go(held.front().place));
      held.pop_front();
    }
    for (const Held& rest : held) ASSERT_TRUE(whole(rest.record)) << "torn while held";
  };
  std::thread first([&] { read(0); });
  std::thread second([&] { read(1); });
  const std::uint64_t sent = run_publishers();
  first.join();
  second.join();
  for (std::uint32_t seat = 0; seat < 2; ++seat) {
    EXPECT_EQ(received[seat] + receivers[seat].lost(), sent);
  }
}

// And where seats come and go in the midst of it.
TEST_P(LossyThreads, ThatJoinAndLeaveSeeWholeMessagesInOrder) {
  sync::register_membarrier();
  for (std::uint32_t slot = 0; slot < GetParam().publishers; ++slot) {
    ring::grant_slot(channel.ring, slot, {});
  }
  ring::Receiver whole_stream = channel.receiver(7, JoinAt::oldest, SeatKind::lossy);
  std::thread visitor([&] {
    for (std::uint32_t round = 0; round < 200 || !done.load(); ++round) {
      ring::Receiver receiver =
          channel.receiver(0, round % 2 == 0 ? JoinAt::now : JoinAt::oldest, SeatKind::lossy);
      std::uint64_t expected = 0;
      for (int i = 0; i < 20; ++i) {
        Record record;
        std::uint32_t place = 0;
        const Outcome outcome = receiver.try_take(record, place);
        if (outcome != Outcome::ok) continue;
        ASSERT_TRUE(whole(record));
        // Nothing is seen twice, and numbers grow.
        ASSERT_GE(record.sequence, expected);
        expected = record.sequence + 1;
        ASSERT_FALSE(receiver.let_go(place));
      }
      ASSERT_TRUE(receiver.close());
      ring::leave_seat(channel.ring, 0);
      ring::reap_seat(channel.ring, 0);
    }
  });
  const std::uint64_t sent = run_publishers();
  visitor.join();
  std::uint64_t received = 0;
  Record record;
  std::uint32_t place = 0;
  for (;;) {
    const Outcome outcome = whole_stream.try_take(record, place);
    if (outcome == Outcome::overrun) continue;
    if (outcome != Outcome::ok) break;
    ++received;
    ASSERT_FALSE(whole_stream.let_go(place));
  }
  EXPECT_EQ(received + whole_stream.lost(), sent);
}

// The one publisher says how far it is before and after the join, and in each message.
TEST(LossyThreadsThatJoinNow, CountWhatWasSentBehindThem) {
  sync::register_membarrier();
  ring::Settings settings = settings_with(1, 16384);
  settings.fence_rule = sync::best_fence_rule();
  TestRing channel(settings);
  ring::grant_slot(channel.ring, 0, {});
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> committed{0};
  std::thread publisher([&] {
    ring::Writer writer(channel.ring, 0);
    for (std::uint32_t i = 0; !stop.load(); ++i) {
      Room room;
      ASSERT_EQ(writer.try_claim(i % 100, room), Outcome::ok);
      fill_word_by_word(channel.ring, room, i);
      if (i % 13 == 0) {
        writer.abort(room);
      } else {
        writer.commit(room, room.size, static_cast<std::uint32_t>(committed.load()));
        committed.fetch_add(1);
      }
    }
  });
  for (std::uint32_t round = 0; round < 500; ++round) {
    const std::uint64_t before = committed.load();
    ring::Receiver receiver = channel.receiver(0, JoinAt::now, SeatKind::lossy);
    const std::uint64_t after = committed.load();
    // The type of a message is how many were committed before it.
    for (int i = 0; i < 3; ++i) {
      Record record;
      std::uint32_t place = 0;
      Outcome outcome = Outcome::empty;
      std::uint64_t before_it = static_cast<std::uint64_t>(i);
      while (outcome != Outcome::ok) outcome = receiver.try_take(record, place);
      before_it += receiver.lost();
      const std::uint64_t start = record.type - before_it;
      ASSERT_GE(start, before) << "it started before it joined";
      ASSERT_LE(start, after + 1) << "something behind the join is in no count";
      ASSERT_FALSE(receiver.let_go(place));
    }
    ASSERT_TRUE(receiver.close());
    ring::leave_seat(channel.ring, 0);
    ring::reap_seat(channel.ring, 0);
  }
  stop.store(true);
  publisher.join();
}

}  // namespace
}  // namespace busbar::test
