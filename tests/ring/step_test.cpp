#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/layout/pin.hpp"
#include "common/sync/fence.hpp"
#include "tests/ring/messages.hpp"
#include "tests/ring/single_step.hpp"

// One side of the ring's code is stopped at one instruction after the other. At each stop the other
// side runs to its end, the first one goes on, and then everything must be right: every schedule
// with one preemption, whatever the machine's scheduler likes to do. Where two preemptions are
// needed (a let_go whose mended cursor comes late) or stores that pass each other (a missing
// fence), this finds nothing: that is for the models and for the tests with threads.

namespace busbar::test {
namespace {

using layout::Pin;
using layout::SeatState;
using layout::WhenFull;
using ring::JoinAt;
using ring::Record;
using ring::Room;
using ring::SeatKind;

constexpr std::uint64_t kCapacity = 4096;

struct Kind {
  const char* name;
  std::uint32_t publishers;
  WhenFull when_full;
  SeatKind seat;
};

std::string name_of(const testing::TestParamInfo<Kind>& about) {
  return about.param.name;
}

ring::Settings settings_of(const Kind& kind) {
  ring::Settings settings = settings_with(kind.publishers, kCapacity);
  settings.when_full = kind.when_full;
  settings.block_timeout_ns = 3'600'000'000'000;  // nobody is evicted for being stopped at a skip
  return settings;
}

/// A publisher and a subscriber. What is received is the next message, or as much later as lost()
/// says, and stays whole while it is held.
class World {
 public:
  explicit World(const Kind& kind)
      : channel(settings_of(kind)),
        writer(channel.writer()),
        receiver(channel.receiver(0, JoinAt::oldest, kind.seat)),
        kind_(kind) {}

  Outcome publish(std::uint64_t size) {
    const Outcome outcome = test::publish(*writer, size, published);
    if (outcome == Outcome::ok) ++published;
    return outcome;
  }
  void publish_many(int count, std::uint64_t size) {
    for (int i = 0; i < count && publish(size) == Outcome::ok; ++i) {
    }
  }

  Outcome take() {
    Record record;
    std::uint32_t place = 0;
    const Outcome outcome = receiver.try_take(record, place);
    taken(outcome, record, place);
    return outcome;
  }
  void take_many(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) take();
  }
  /// What a call of try_take() has given.
  void taken(Outcome outcome, const Record& record, std::uint32_t place) {
    if (outcome == Outcome::overrun) {
      EXPECT_EQ(kind_.seat, SeatKind::lossy);
    }
    if (outcome != Outcome::ok) return;
    EXPECT_EQ(record.type, expected_ + receiver.lost() - lost_);
    lost_ = receiver.lost();
    expected_ = record.type + 1;
    EXPECT_TRUE(held.emplace(place, record).second) << "place " << place << " is taken";
    check(record);
  }
  void let_go(std::uint32_t place) {
    forget(place);
    EXPECT_FALSE(receiver.let_go(place));
  }
  void let_go_of_all() {
    while (!held.empty()) let_go(held.begin()->first);
  }
  /// The type of the next message, as the subscriber sees it.
  std::uint32_t next_type() const { return static_cast<std::uint32_t>(expected_); }
  /// It is about to be let go.
  void forget(std::uint32_t place) {
    check(held.at(place));
    held.erase(place);
  }
  /// Takes what is there and keeps nothing of it.
  void read_on() {
    for (;;) {
      Record record;
      std::uint32_t place = 0;
      const Outcome outcome = receiver.try_take(record, place);
      taken(outcome, record, place);
      if (outcome == Outcome::ok) {
        let_go(place);
      } else if (outcome != Outcome::overrun) {
        return;
      }
    }
  }

  void check_held() const {
    for (const auto& [place, record] : held) check(record);
  }
  /// Each held message has its pin, or is the one that the cursor keeps; and nothing else has.
  void check_seat() const {
    const layout::Seat& seat = channel.ring.seats[0];
    bool kept_by_cursor = false;
    for (std::uint32_t place = 0; place < layout::kPinsPerSeat; ++place) {
      const Pin pin(seat.pin[place].load());
      const auto found = held.find(place);
      if (found == held.end()) {
        EXPECT_EQ(pin.bits(), 0u) << "of place " << place;
      } else if (pin.bits() == 0) {
        EXPECT_FALSE(kept_by_cursor || pins_everything());
        kept_by_cursor = true;
        EXPECT_EQ(seat.cursor.load(), found->second.position);
      } else {
        EXPECT_EQ(pin.offset(), found->second.position % kCapacity);
        EXPECT_EQ(pin.bytes(kCapacity), found->second.end - found->second.position);
      }
    }
    if (!kept_by_cursor) {
      EXPECT_EQ(seat.cursor.load(), receiver.position());
    }
  }
  /// Some laps around what is held.
  void go_on() {
    check_seat();
    for (std::uint64_t i = 0; i < 30; ++i) {
      publish_many(pins_everything() || i % 5 == 0 ? 1 : 100, 80 + i % 3 * 50);
      read_on();
    }
    check_held();
    check_seat();
  }

  TestRing channel;
  std::optional<ring::Writer> writer;
  ring::Receiver receiver;
  std::uint32_t published = 0;
  std::map<std::uint32_t, Record> held;  // by place

 private:
  bool pins_everything() const { return ring::pins_everything(channel.ring, kind_.seat); }
  void check(const Record& record) const {
    EXPECT_EQ(first_wrong_byte(channel.ring, record.position, record.size, record.type),
              record.size)
        << "of message " << record.type;
  }

  Kind kind_;
  std::uint64_t expected_ = 0, lost_ = 0;
};

class Step : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (const char* why = SingleStep::why_not()) GTEST_SKIP() << why;
    sync::register_membarrier();
  }
  /// `once(n)` for every instruction at which to stop.
  template <typename Once>
  static void at_every_instruction(Once once, int every = 1) {
    SingleStep::each(
        [&](int n) {
          SCOPED_TRACE("instruction " + std::to_string(n));
          once(n);
          return !HasFailure();
        },
        every);
  }

  /// let_go() of each of one to three held messages, stopped everywhere while `other` runs.
  template <typename Other>
  static void interrupt_let_go(Other other) {
    for (std::uint32_t count = 1; count <= 3; ++count) {
      for (std::uint32_t place = 0; place < count; ++place) {
        at_every_instruction([&](int n) {
          World world(GetParam());
          world.publish_many(12, 60);
          world.take_many(count);
          world.forget(place);
          bool last = true;
          SingleStep::interrupt(
              n, [&] { last = world.receiver.let_go(place); }, [&] { other(world); });
          EXPECT_FALSE(last);
          world.go_on();
        });
      }
    }
  }

  /// try_take() with none to three messages held.
  template <typename Other>
  static void interrupt_take(Other other) {
    for (std::uint32_t count = 0; count <= 3; ++count) {
      at_every_instruction([&](int n) {
        World world(GetParam());
        world.publish_many(6, 60);
        world.take_many(count);
        Record record;
        std::uint32_t place = 0;
        Outcome outcome = Outcome::empty;
        SingleStep::interrupt(
            n, [&] { outcome = world.receiver.try_take(record, place); }, [&] { other(world); });
        EXPECT_TRUE(outcome == Outcome::ok || outcome == Outcome::overrun) << to_string(outcome);
        world.taken(outcome, record, place);
        world.go_on();
      });
    }
  }

  /// A claim that has to look around and, where the first message is still held, to step over it.
  template <typename Other>
  static void interrupt_claim(std::uint32_t held, Other other) {
    at_every_instruction([&](int n) {
      World world(GetParam());
      world.publish(60);
      world.take();
      world.publish_many(30, 60);
      world.take_many(held);
      while (world.channel.ring.control->publishers.claimed.load() < 3700) {
        if (world.publish(20) != Outcome::ok) break;
      }
      Room room;
      Outcome outcome = Outcome::empty;
      SingleStep::interrupt(
          n, [&] { outcome = world.writer->try_claim(500, room); }, [&] { other(world); });
      if (outcome == Outcome::ok) {
        fill(world.channel.ring, room, world.published);
        world.writer->commit(room, 500, world.published++);
      }
      world.check_held();
      // Evicted, it gets nothing more.
      if (world.channel.ring.seats[0].word.load().state() != SeatState::evicted) world.go_on();
    });
  }
};

const Kind kKinds[] = {
    {"reliable", 1, WhenFull::block, SeatKind::reliable},
    {"reliable_of_several", 2, WhenFull::block, SeatKind::reliable},
    {"evict", 1, WhenFull::evict, SeatKind::reliable},
    {"lossy", 1, WhenFull::block, SeatKind::lossy},
    {"lossy_of_several", 2, WhenFull::block, SeatKind::lossy},
};
INSTANTIATE_TEST_SUITE_P(Seat, Step, testing::ValuesIn(kKinds), name_of);

TEST_P(Step, LettingGoIsNotDisturbedByTakes) {
  interrupt_let_go([](World& world) {
    world.take();
    world.publish(100);
    world.take();
  });
}

TEST_P(Step, LettingGoIsNotDisturbedByAnotherWhosePlaceIsTakenAgain) {
  interrupt_let_go([](World& world) {
    world.take();
    world.let_go(world.held.begin()->first);
    world.take();
  });
}

TEST_P(Step, LettingGoIsNotDisturbedByLaps) {
  interrupt_let_go([](World& world) {
    for (int i = 0; i < 30; ++i) {
      world.read_on();
      world.publish(300);
    }
  });
}

TEST_P(Step, TakingIsNotDisturbedByLettingGoOfTheLast) {
  interrupt_take([](World& world) {
    if (!world.held.empty()) world.let_go(world.held.rbegin()->first);
    world.publish(60);
  });
}

TEST_P(Step, TakingIsNotDisturbedByLettingGoOfAllAndMoreMessages) {
  interrupt_take([](World& world) {
    world.let_go_of_all();
    // A lap and on where nobody gates; not so far that the seat would be evicted.
    world.publish_many(GetParam().when_full == WhenFull::evict ? 10 : 60, 60);
  });
}

TEST_P(Step, ClaimingIsNotDisturbedByTakes) {
  for (const std::uint32_t held : {1u, 3u}) {
    interrupt_claim(held, [](World& world) { world.take_many(2); });
  }
}

TEST_P(Step, ClaimingIsNotDisturbedByLettingGo) {
  for (const std::uint32_t held : {0u, 2u}) {
    interrupt_claim(held, [](World& world) { world.let_go_of_all(); });
  }
}

TEST_P(Step, ClaimingIsNotDisturbedByAReaderThatCatchesUp) {
  interrupt_claim(2, [](World& world) { world.read_on(); });
}

TEST_P(Step, AnOpenClaimNeverLiesBeyondTheClaimedPosition) {
  interrupt_claim(1, [](World& world) {
    const std::uint64_t open = world.channel.ring.slots[0].oldest_claim.load();
    EXPECT_TRUE(open == layout::kNoClaim ||
                open <= world.channel.ring.control->publishers.claimed.load());
  });
}

/// Messages from the first that a newcomer finds to the last, without a hole.
void expect_whole(const TestRing& channel, ring::Reader& reader, std::uint32_t published) {
  Record record;
  std::optional<std::uint32_t> next;
  while (reader.next(record) == Outcome::ok) {
    if (next) {
      EXPECT_EQ(record.type, *next);
    }
    next = record.type + 1;
    EXPECT_EQ(first_wrong_byte(channel.ring, record.position, record.size, record.type),
              record.size);
  }
  EXPECT_EQ(next, published);
}

class StepOfAJoin : public Step {
 protected:
  static void publish_until_full(ring::Writer& writer, std::uint32_t& published) {
    published += test::publish_until_full(writer, 50, published);
  }
};

INSTANTIATE_TEST_SUITE_P(Seat, StepOfAJoin, testing::Values(kKinds[0], kKinds[1]), name_of);

TEST_P(StepOfAJoin, IsSeenByAClaimInItsMidst) {
  // One of so many claims is the one that moves the tail.
  for (std::uint32_t before = 60; before < 70; ++before) {
    at_every_instruction([&](int n) {
      TestRing channel(settings_of(GetParam()));
      auto writer = channel.writer();
      std::uint32_t published = 0;
      while (published < before) publish(writer, 50, published++);
      std::optional<ring::Reader> reader;
      Room room;
      SingleStep::interrupt(
          n, [&] { writer.try_claim(50, room); },
          [&] { reader.emplace(channel.reader(0, JoinAt::oldest)); });
      fill(channel.ring, room, published);
      writer.commit(room, 50, published++);
      if (!reader) return;
      publish_until_full(writer, published);
      expect_whole(channel, *reader, published);
    });
  }
}

TEST_P(StepOfAJoin, SeesWhatWasPublishedInItsMidst) {
  for (const std::uint32_t amount : {10u, 40u, 130u}) {
    at_every_instruction([&](int n) {
      TestRing channel(settings_of(GetParam()));
      auto writer = channel.writer();
      std::uint32_t published = 0;
      while (published < 70) publish(writer, 50, published++);
      ring::grant_seat(channel.ring, 0, {});
      ring::CountedBoundary start;
      SingleStep::interrupt(
          n, [&] { start = ring::join(channel.ring, 0, JoinAt::oldest); },
          [&] {
            for (std::uint32_t i = 0; i < amount; ++i) {
              if (publish(writer, 50, published) == Outcome::ok) ++published;
            }
          });
      publish_until_full(writer, published);
      ring::Reader reader(channel.ring, 0, start);
      expect_whole(channel, reader, published);
    });
  }
}

/// Whether the last of all disposes, and only that one; then the seat keeps nothing.
void expect_disposed_once(const World& world, int disposed) {
  EXPECT_EQ(disposed, 1);
  EXPECT_EQ(world.channel.ring.seats[0].cursor.load(), ~std::uint64_t{0});
  for (const auto& pin : world.channel.ring.seats[0].pin) EXPECT_EQ(pin.load(), 0u);
}

TEST_P(Step, ClosingWhileAllIsLetGoDisposesOnce) {
  for (std::uint32_t count = 1; count <= 3; ++count) {
    at_every_instruction([&](int n) {
      World world(GetParam());
      world.publish_many(12, 60);
      world.take_many(count);
      int disposed = 0;
      const auto let_go = [&] {
        for (std::uint32_t place = 0; place < count; ++place) {
          disposed += world.receiver.let_go(place);
        }
      };
      bool own = false;
      const bool stopped = SingleStep::interrupt(
          n, [&] { own = world.receiver.close(); }, let_go);
      if (!stopped) let_go();
      expect_disposed_once(world, disposed + own);
    });
  }
}

TEST_P(Step, LettingGoWhileTheOwnerClosesDisposesOnce) {
  for (std::uint32_t count = 1; count <= 3; ++count) {
    at_every_instruction([&](int n) {
      World world(GetParam());
      world.publish_many(12, 60);
      world.take_many(count);
      int disposed = 0;
      const auto close = [&] {
        disposed += world.receiver.close();
        for (std::uint32_t place = 1; place < count; ++place) {
          disposed += world.receiver.let_go(place);
        }
      };
      bool own = false;
      const bool stopped = SingleStep::interrupt(
          n, [&] { own = world.receiver.let_go(0); }, close);
      if (!stopped) close();
      expect_disposed_once(world, disposed + own);
    });
  }
}

/// What a lossy seat of its own finds out about the messages that were committed.
class Counter {
 public:
  Counter(const TestRing& channel, std::uint32_t seat, const ring::CountedBoundary& start)
      : channel_(channel),
        seat_(seat),
        messages_(start.messages),
        reader_(channel.ring, seat, start, SeatKind::lossy) {}

  /// Received, lost or before the start. Each message says by its type which one it is.
  std::uint64_t count_all() {
    for (;;) {
      Record record;
      const Outcome outcome = reader_.next_pinned(record, 0);
      if (outcome == Outcome::overrun) continue;
      if (outcome != Outcome::ok) return messages_ + reader_.lost();
      EXPECT_EQ(record.type, messages_ + reader_.lost());
      EXPECT_EQ(first_wrong_byte(channel_.ring, record.position, record.size, record.type),
                record.size);
      ++messages_;
      channel_.ring.seats[seat_].pin[0].store(0);
    }
  }

 private:
  const TestRing& channel_;
  std::uint32_t seat_;
  std::uint64_t messages_;
  ring::Reader reader_;
};

class StepOfALossySeat : public Step {
 protected:
  /// A publisher that aborts one in `abort_each` of its claims (0: none) and cuts others short.
  struct Traffic {
    TestRing channel{settings_of(GetParam())};
    ring::Writer writer = channel.writer();
    std::uint32_t committed = 0;
    std::vector<Room> open;

    void publish(int count, int abort_each) {
      for (int i = 0; i < count; ++i) {
        const Room room = must_claim(writer, 50);
        if (abort_each != 0 && i % abort_each == 0) {
          writer.abort(room);
        } else {
          commit(room, static_cast<std::uint64_t>(50 - i % 5 * 8));
        }
      }
    }
    void commit(const Room& room, std::uint64_t used) {
      fill(channel.ring, room, committed);
      writer.commit(room, used, committed++);
    }
    void commit_open() {
      for (const Room& room : open) commit(room, 20);
      open.clear();
    }
    void abort_open() {
      for (const Room& room : open) writer.abort(room);
      open.clear();
    }
  };

  // A joiner walks over up to 50 records.
  static constexpr int kEveryInAWalk = 29;

  /// Joins in the midst of `before` messages and what `other` does.
  template <typename Other>
  static void interrupt_join(JoinAt at, int open, int abort_each, Other other) {
    for (const int before : {30, 167}) {
      at_every_instruction(
          [&](int n) {
            Traffic traffic;
            traffic.publish(before, abort_each);
            for (int i = 0; i < open; ++i) traffic.open.push_back(must_claim(traffic.writer, 50));
            ring::grant_seat(traffic.channel.ring, 0, {});
            ring::CountedBoundary start;
            SingleStep::interrupt(
                n, [&] { start = ring::join(traffic.channel.ring, 0, at, SeatKind::lossy); },
                [&] { other(traffic); });
            traffic.commit_open();
            traffic.publish(3, 2);
            EXPECT_EQ(Counter(traffic.channel, 0, start).count_all(), traffic.committed);
          },
          kEveryInAWalk);
    }
  }
};

const Kind kLossyKinds[] = {kKinds[3], kKinds[4]};
INSTANTIATE_TEST_SUITE_P(Seat, StepOfALossySeat, testing::ValuesIn(kLossyKinds), name_of);

TEST_P(StepOfALossySeat, AJoinIsCountedExactlyWhateverIsPublishedMeanwhile) {
  for (const JoinAt at : {JoinAt::now, JoinAt::oldest}) {
    for (const int amount : {3, 300}) {
      interrupt_join(at, 0, 9, [&](Traffic& traffic) { traffic.publish(amount, 4); });
    }
  }
}

TEST_P(StepOfALossySeat, AJoinIsCountedExactlyWhereNothingWasEverAborted) {
  interrupt_join(JoinAt::now, 0, 0, [&](Traffic& traffic) { traffic.publish(300, 4); });
}

// The tail passes the regions of the aborted ones, and their bits are cleared.
TEST_P(StepOfALossySeat, AJoinIsCountedExactlyWhileGapsAreForgotten) {
  for (const JoinAt at : {JoinAt::now, JoinAt::oldest}) {
    interrupt_join(at, 0, 9, [&](Traffic& traffic) { traffic.publish(130, 0); });
  }
}

TEST_P(StepOfALossySeat, AJoinIsCountedExactlyWhileOpenClaimsAreCommitted) {
  interrupt_join(JoinAt::now, 2, 9, [&](Traffic& traffic) {
    traffic.commit_open();
    traffic.publish(61, 4);
  });
}

TEST_P(StepOfALossySeat, AJoinIsCountedExactlyWhileOpenClaimsAreAborted) {
  interrupt_join(JoinAt::now, 2, 9, [&](Traffic& traffic) {
    traffic.abort_open();
    traffic.publish(61, 4);
  });
}

TEST_P(StepOfALossySeat, ATailThatIsHalfStoredThrowsNobodyBack) {
  at_every_instruction([&](int n) {
    TestRing channel(settings_of(GetParam()));
    auto writer = channel.writer();
    for (std::uint32_t i = 0; i < 20; ++i) publish(writer, 24, i);  // records of 40 bytes
    ring::Reader reader = channel.reader(0, JoinAt::oldest, SeatKind::lossy);
    Record record;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(reader.next_pinned(record, 0), Outcome::ok);
    const std::uint64_t before = reader.position();
    SingleStep::interrupt(
        n, [&] { reader.next_pinned(record, 0); },
        [&] {
          ring::store_tail(channel.ring, {80, 2, 2});
          // And dies in the next one: the entry is written, the version is not.
          layout::Tail& tail = channel.ring.control->tail;
          tail.entry[(tail.version.load() + 1) & 1].position.store(400);
        });
    EXPECT_GE(reader.position(), before);
  });
}

TEST_P(StepOfALossySeat, LosesItsCountAtNoStepOfAPublisherThatLapsIt) {
  int moved = 0;
  // One of so many claims is the one that moves the tail.
  for (int before = 60; before < 70; ++before) {
    at_every_instruction([&](int n) {
      Traffic traffic;
      const ring::RingView& ring = traffic.channel.ring;
      ring::grant_seat(ring, 0, {});
      Counter counter(traffic.channel, 0, ring::join(ring, 0, JoinAt::oldest, SeatKind::lossy));
      traffic.publish(before, 4);
      const std::uint64_t tail = ring::read_tail(ring).position;
      Room room;
      SingleStep::interrupt(
          n, [&] { traffic.writer.try_claim(50, room); },
          [&] { EXPECT_EQ(counter.count_all(), traffic.committed); });
      if (ring::read_tail(ring).position != tail) ++moved;
      traffic.commit(room, 50);
      traffic.publish(100, 5);
      EXPECT_EQ(counter.count_all(), traffic.committed);
    });
  }
  EXPECT_GT(moved, 100);
}

class StepOfAnEvictedSeat : public Step {};

const Kind kEvictKinds[] = {kKinds[2],
                            {"evict_of_several", 2, WhenFull::evict, SeatKind::reliable}};
INSTANTIATE_TEST_SUITE_P(Seat, StepOfAnEvictedSeat, testing::ValuesIn(kEvictKinds), name_of);

// Whoever met the pin may be asleep by now, and nothing else will wake it: the cursor stays.
TEST_P(StepOfAnEvictedSeat, APinThatCameTooLateWakesWhoWaitsForRoom) {
  int late = 0;
  at_every_instruction([&](int n) {
    World world(GetParam());
    world.publish_many(20, 60);
    const ring::RingView& ring = world.channel.ring;
    Record record;
    std::uint32_t place = 0;
    Outcome outcome = Outcome::empty;
    bool met = false;
    SingleStep::interrupt(
        n, [&] { outcome = world.receiver.try_take(record, place); },
        [&] {
          met = ring.seats[0].pin[0].load() != 0;
          world.publish_many(100, 60);
          ring.seats_control->room_waiters.store(1);
        });
    if (met && outcome == Outcome::evicted) {
      ++late;
      EXPECT_EQ(ring.seats[0].pin[0].load(), 0u);
      EXPECT_EQ(ring.seats_control->room_waiters.load(), 0u);
      EXPECT_EQ(ring.doorbells[0].bell.token.load(), 1u);
    }
  });
  EXPECT_GT(late, 0);
}

class Killed : public Step {
 protected:
  /// Publishes three messages behind a held one that has to be stepped over, as long as it lives.
  struct Mortal {
    World& world;
    std::uint64_t size;
    bool aborts;

    void live() {
      for (std::uint32_t i = 0; i < 3; ++i) {
        Room room;
        if (world.writer->try_claim(size, room) != Outcome::ok) return;
        const std::uint32_t type = world.published + i;
        // Few bytes: each is some instructions more to die at.
        fill(world.channel.ring, {room.position, 8}, type);
        if (aborts && i == 0) {
          world.writer->abort(room);
          --world.published;  // so that the next one has this type
        } else {
          world.writer->commit(room, 8, type);
        }
      }
    }
  };

  static void lap_nearly(World& world) {
    world.publish(60);
    world.take();
    while (world.channel.ring.control->publishers.claimed.load() < 3600) {
      world.publish(20);
      world.read_on();
    }
    world.writer->abort(must_claim(*world.writer, 60));
    world.read_on();
  }

  static constexpr int kEveryInThreeClaims = 7;

  static void kill_everywhere(std::uint64_t size, bool aborts) {
    at_every_instruction(
        [&](int n) {
          World world(GetParam());
          ring::grant_seat(world.channel.ring, 2, {});
          Counter counter(world.channel, 2,
                          ring::join(world.channel.ring, 2, JoinAt::oldest, SeatKind::lossy));
          lap_nearly(world);
          Mortal mortal{world, size, aborts};
          SingleStep::kill(n, [&] { mortal.live(); });
          EXPECT_TRUE(recover(world.channel.ring, 0));
          world.check_held();
          world.writer.emplace(world.channel.writer());
          world.read_on();  // says how much it has committed
          world.published = world.next_type();
          world.go_on();
          EXPECT_EQ(counter.count_all(), world.published);
        },
        kEveryInThreeClaims);
  }
};

const Kind kKilledKinds[] = {kKinds[0], kKinds[1], kEvictKinds[0], kEvictKinds[1]};
INSTANTIATE_TEST_SUITE_P(Publisher, Killed, testing::ValuesIn(kKilledKinds), name_of);

TEST_P(Killed, AnywhereInSmallMessagesLeavesAllMessagesAndTheirCount) {
  kill_everywhere(8, false);
}

TEST_P(Killed, AnywhereInSteppingOverAHeldMessageLeavesAllMessagesAndTheirCount) {
  kill_everywhere(500, false);
}

TEST_P(Killed, AnywhereInAnAbortLeavesAllMessagesAndTheirCount) {
  kill_everywhere(500, true);
}

// What all the rest here relies on.
TEST(SingleStepping, StopsEverywhere) {
  if (const char* why = SingleStep::why_not()) GTEST_SKIP() << why;
  std::vector<int> seen;
  volatile int at = 0;
  SingleStep::each([&](int n) {
    at = 0;
    SingleStep::interrupt(
        n,
        [&] {
          for (int i = 1; i <= 10; ++i) at = i;
        },
        [&] {
          if (seen.empty() || seen.back() != at) seen.push_back(int{at});
        });
    EXPECT_EQ(at, 10);
    return true;
  });
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(SingleStepping, LeavesWhatIsKilledWhereItStood) {
  if (const char* why = SingleStep::why_not()) GTEST_SKIP() << why;
  std::vector<int> seen;
  volatile int at = 0;
  SingleStep::each([&](int n) {
    at = 0;
    const bool killed = SingleStep::kill(n, [&] {
      at = 1;
      at = 2;
    });
    if (killed && (seen.empty() || seen.back() != at)) seen.push_back(int{at});
    return true;
  });
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace busbar::test
