#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/sync/fence.hpp"
#include "tests/ring/messages.hpp"

// Publishers and subscribers as threads on one mapping; ThreadSanitizer looks on. A wake-up that is
// lost shows as a test that does not end.

namespace busbar::test {
namespace {

using ring::Record;
using ring::Room;

#ifdef __SANITIZE_THREAD__
constexpr std::uint32_t kMessages = 4000;
#else
constexpr std::uint32_t kMessages = 20000;
#endif

struct Traffic {
  const char* name;
  std::uint32_t writers;
  std::uint64_t capacity;
  std::uint64_t largest;
  layout::FenceRule fences;
};

class Threads : public testing::TestWithParam<Traffic> {
 protected:
  Threads() {
    ring::Settings wanted = settings_with(GetParam().writers, GetParam().capacity);
    wanted.block_timeout_ns = 3'600'000'000'000;
    wanted.fence_rule = GetParam().fences;
    if (wanted.fence_rule == layout::FenceRule::membarrier) {
      wanted.fence_rule = sync::best_fence_rule();
    }
    channel = std::make_unique<TestRing>(wanted);
  }

  static std::uint32_t type_of(std::uint32_t writer, std::uint32_t number) {
    return writer << 28 | number;
  }
  std::uint64_t size_of(std::uint32_t type) const {
    return (type * 2654435761u >> 7) % (GetParam().largest + 1);
  }

  /// Every sleep in the ring looks for itself after 10 s, which would hide a wake-up that is
  /// missing: no step of this traffic takes nearly as long.
  template <typename Call>
  static Outcome in_time(Call call) {
    const Deadline rescue = Deadline::after(std::chrono::seconds(8));
    const Outcome outcome = call();
    EXPECT_FALSE(rescue.passed()) << "it was not woken";
    return outcome;
  }

  /// Publishes its messages in order, some of them cut short, batched or with an abort between.
  void write(std::uint32_t slot) {
    ring::Writer writer(channel->ring, slot);
    ring::Interrupt interrupt;
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      const std::uint32_t type = type_of(slot, i);
      const std::uint64_t size = size_of(type);
      Room room;
      ASSERT_EQ(in_time([&] { return writer.claim(size + i % 3 * 10, room, interrupt); }),
                Outcome::ok);
      fill(channel->ring, room, type);
      if (i % 17 == 0) {
        writer.abort(room);
        ASSERT_EQ(writer.claim(size, room, interrupt), Outcome::ok);
        fill(channel->ring, room, type);
      }
      writer.commit(room, size, type);
    }
    ASSERT_EQ(writer.end(interrupt), Outcome::ok);
  }

  /// Reads to the end, checks every byte and each writer's order; leaves the order of all.
  void read(std::uint32_t seat, std::vector<std::uint32_t>& order) {
    Subscriber& subscriber = *subscribers[seat];
    ring::Interrupt interrupt;
    std::vector<std::uint32_t> next(GetParam().writers, 0);
    std::uint64_t last_sequence = 0;
    for (;;) {
      Record record;
      const Outcome outcome = subscriber.next(record);
      if (outcome == Outcome::empty) {
        ASSERT_EQ(in_time([&] { return subscriber.reader().await(Deadline::never(), interrupt); }),
                  Outcome::ok);
        continue;
      }
      if (outcome == Outcome::ended) break;
      ASSERT_EQ(outcome, Outcome::ok);
      const std::uint32_t writer = record.type >> 28;
      ASSERT_EQ(record.type, type_of(writer, next.at(writer)++));
      ASSERT_EQ(record.size, size_of(record.type));
      ASSERT_TRUE(order.empty() || record.sequence > last_sequence);
      last_sequence = record.sequence;
      order.push_back(record.type);
    }
    ASSERT_EQ(order.size(), std::size_t{kMessages} * GetParam().writers);
  }

  std::unique_ptr<TestRing> channel;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
};

TEST_P(Threads, SeeEveryByteInOneOrder) {
  constexpr std::uint32_t kReaders = 3;
  for (std::uint32_t i = 0; i < GetParam().writers; ++i) ring::grant_slot(channel->ring, i, {});
  std::vector<std::uint32_t> orders[kReaders];
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < kReaders; ++i) {
    subscribers.push_back(std::make_unique<Subscriber>(*channel, i));
  }
  for (std::uint32_t i = 0; i < kReaders; ++i) {
    threads.emplace_back([&, i] { read(i, orders[i]); });
  }
  for (std::uint32_t i = 0; i < GetParam().writers; ++i) {
    threads.emplace_back([&, i] { write(i); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_EQ(orders[0], orders[2]);
  EXPECT_EQ(channel->ring.seats_control->room_waiters.load(), 0u);
}

constexpr auto kFull = layout::FenceRule::full;
constexpr auto kMembarrier = layout::FenceRule::membarrier;
INSTANTIATE_TEST_SUITE_P(
    Rings, Threads,
    testing::Values(Traffic{"one_writer_wide_ring", 1, 1 << 20, 300, kMembarrier},
                    Traffic{"one_writer_tiny_ring", 1, 4096, 600, kMembarrier},
                    Traffic{"one_writer_tiny_ring_full_fences", 1, 4096, 600, kFull},
                    Traffic{"four_writers_wide_ring", 4, 1 << 20, 300, kMembarrier},
                    Traffic{"four_writers_tiny_ring", 4, 4096, 200, kMembarrier},
                    Traffic{"four_writers_tiny_ring_full_fences", 4, 4096, 200, kFull}),
    [](const auto& about) { return about.param.name; });

TEST(ThreadsThatHold, MayReleaseOnOtherThreads) {
  ring::Settings wanted = settings_with(1);
  wanted.block_timeout_ns = 3'600'000'000'000;
  wanted.fence_rule = sync::best_fence_rule();
  TestRing channel(wanted);
  auto writer = channel.writer();
  ring::Receiver receiver = channel.receiver(0);

  // Each place is one hand-over: full while a releasing thread has to give it back.
  struct Box {
    Record record;
    std::atomic<int> state{0};  // 0 empty, 1 held
  };
  Box boxes[ring::Holds::kNone];
  std::atomic<bool> done{false};
  const auto release = [&](std::uint32_t first) {
    for (;;) {
      const bool last_round = done.load();
      for (std::uint32_t place = first; place < ring::Holds::kNone; place += 2) {
        Box& box = boxes[place];
        if (box.state.load(std::memory_order_acquire) == 0) continue;
        EXPECT_EQ(
            first_wrong_byte(channel.ring, box.record.position, box.record.size, box.record.type),
            box.record.size);
        box.state.store(0, std::memory_order_relaxed);
        EXPECT_FALSE(receiver.let_go(place));
      }
      if (last_round) return;
      std::this_thread::yield();
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back([&] { release(0); });
  threads.emplace_back([&] { release(1); });
  threads.emplace_back([&] {
    ring::Interrupt interrupt;
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      Room room;
      ASSERT_EQ(writer.claim(i % 300, room, interrupt), Outcome::ok);
      fill(channel.ring, room, i);
      writer.commit(room, i % 300, i);
    }
  });

  ring::Interrupt interrupt;
  for (std::uint32_t i = 0; i < kMessages;) {
    Record record;
    std::uint32_t place = 0;
    const Outcome outcome = receiver.try_take(record, place);
    if (outcome == Outcome::too_many_held) {
      std::this_thread::yield();
      continue;
    }
    if (outcome != Outcome::ok) {
      ASSERT_EQ(receiver.await(Deadline::never(), interrupt), Outcome::ok);
      continue;
    }
    ASSERT_EQ(record.type, i++);
    boxes[place].record = record;
    boxes[place].state.store(1, std::memory_order_release);
  }
  done.store(true);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(channel.ring.seats[0].cursor.load(), receiver.position());
  for (const auto& pin : channel.ring.seats[0].pin) EXPECT_EQ(pin.load(), 0u);
  EXPECT_TRUE(receiver.close());
}

TEST(ThreadsThatHold, DisposeExactlyOnceHoweverTheyRace) {
  TestRing channel;
  for (int round = 0; round < 500; ++round) {
    ring::Holds holds(channel.ring, 0, 0);
    for (std::uint32_t place = 0; place < 4; ++place) {
      holds.pin_current();
      holds.hold(place, place * 8, place * 8 + 8);
    }
    std::atomic<int> disposals{0};
    std::atomic<int> ready{0};
    const auto start_together = [&] {
      ready.fetch_add(1);
      while (ready.load() < 3) std::this_thread::yield();
    };
    std::thread a([&] {
      start_together();
      for (const std::uint32_t place : {0u, 1u}) disposals += holds.let_go(place) ? 1 : 0;
    });
    std::thread b([&] {
      start_together();
      for (const std::uint32_t place : {3u, 2u}) disposals += holds.let_go(place) ? 1 : 0;
    });
    start_together();
    disposals += holds.close() ? 1 : 0;
    a.join();
    b.join();
    ASSERT_EQ(disposals, 1);
  }
}

// Newcomers join and leave while the publisher laps a tiny ring: each sees a gapless piece.
TEST(ThreadsThatJoin, SeeAGaplessPieceWhereverTheyBegin) {
  for (const auto rule : {sync::best_fence_rule(), layout::FenceRule::full}) {
    for (const std::uint32_t publishers : {1u, 2u}) {
      ring::Settings wanted = settings_with(publishers);
      wanted.block_timeout_ns = 3'600'000'000'000;
      wanted.fence_rule = rule;
      TestRing channel(wanted);
      std::atomic<bool> stop{false};
      ring::grant_slot(channel.ring, 0, {});
      std::thread publisher([&] {
        ring::Writer writer(channel.ring, 0);
        ring::Interrupt interrupt;
        for (std::uint32_t i = 0; !stop.load(); ++i) {
          Room room;
          ASSERT_EQ(writer.claim(i % 200, room, interrupt), Outcome::ok);
          fill(channel.ring, room, i);
          writer.commit(room, i % 200, i);
        }
      });
      const auto visit = [&](std::uint32_t seat) {
        ring::Interrupt interrupt;
        for (int round = 0; round < 300; ++round) {
          Subscriber subscriber(channel, seat,
                                round % 2 == 0 ? ring::JoinAt::oldest : ring::JoinAt::now);
          std::uint32_t expected = 0;
          for (int i = 0; i < 30; ++i) {
            Record record;
            const Outcome outcome = subscriber.next(record);
            if (outcome == Outcome::empty) {
              ASSERT_EQ(subscriber.reader().await(Deadline::never(), interrupt), Outcome::ok);
              --i;
              continue;
            }
            ASSERT_EQ(outcome, Outcome::ok);
            ASSERT_EQ(record.sequence, record.type);
            if (i > 0) {
              ASSERT_EQ(record.type, expected);
            }
            expected = record.type + 1;
          }
          subscriber.leave();
        }
      };
      std::thread first([&] { visit(0); });
      std::thread second([&] { visit(5); });
      first.join();
      second.join();
      stop.store(true);
      publisher.join();
    }
  }
}

}  // namespace
}  // namespace busbar::test
