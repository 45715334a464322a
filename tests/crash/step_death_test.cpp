#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sync/fence.hpp"
#include "common/sync/process_identity.hpp"
#include "tests/crash/stepped_child.hpp"
#include "tests/ring/messages.hpp"

// A member, a process of its own, dies by SIGKILL behind each instruction of what it does. The
// broker's part is done afterwards, as the broker does it; then the others go on, and everything
// that was committed must be there, nothing that was not, and nothing of the dead may be left.
//
// BUSBAR_STEP_DEATHS says how many deaths there are in a case; with 3000 none is left out, which
// takes half an hour.

namespace busbar::test {
namespace {

using layout::SeatState;
using layout::WhenFull;
using ring::JoinAt;
using ring::Record;
using ring::Room;
using ring::SeatKind;

constexpr std::uint64_t kCapacity = 4096;
constexpr std::uint32_t kDeaths = 12;            // in a case
constexpr std::uint32_t kLastPart = 3000;        // instructions
constexpr std::uint32_t kOfTheDead = 1'000'000;  // the first type of its messages
constexpr std::uint32_t kOfTheHeir = 2'000'000;

struct Kind {
  const char* name;
  std::uint32_t publishers;
  WhenFull when_full;
  SeatKind seat = SeatKind::reliable;
};

std::string name_of(const testing::TestParamInfo<Kind>& about) {
  return about.param.name;
}

ring::Settings settings_of(const Kind& kind) {
  ring::Settings settings = settings_with(kind.publishers, kCapacity);
  settings.when_full = kind.when_full;
  settings.block_timeout_ns = kind.when_full == WhenFull::block ? 3'600'000'000'000 : 0;
  return settings;
}

ring::Member own_member() {
  const sync::ProcessIdentity own = sync::own_identity();
  return {7, own.pid, own.start_time, own.pid_namespace};
}

/// One subscriber's view of the stream.
class Listener {
 public:
  Listener(const TestRing& channel, std::uint32_t seat)
      : ring_(channel.ring), receiver_(channel.receiver(seat, JoinAt::oldest)) {}

  /// The types of all messages that are there, each checked to its last byte.
  Types drain() {
    Types types;
    Record record;
    std::uint32_t place = 0;
    while (receiver_.try_take(record, place) == Outcome::ok) {
      types.push_back(record.type);
      EXPECT_EQ(first_wrong_byte(ring_, record.position, record.size, record.type), record.size)
          << "of message " << record.type;
      EXPECT_GE(record.sequence, next_sequence_);
      missing_ += record.sequence - next_sequence_;
      next_sequence_ = record.sequence + 1;
      EXPECT_FALSE(receiver_.let_go(place));
    }
    return types;
  }
  /// Numbers that no message had.
  std::uint64_t missing() const { return missing_; }

 private:
  ring::RingView ring_;
  ring::Receiver receiver_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t missing_ = 0;
};

/// A channel with a subscriber that lives, and a publisher that lives where there may be several.
class World {
 public:
  explicit World(const Kind& kind) : channel(settings_of(kind)), listener(channel, 0) {
    if (kind.publishers > 1) fellow.emplace(channel.writer(1));
  }

  void publish(ring::Writer& writer, std::uint64_t size, std::uint32_t type) {
    EXPECT_EQ(test::publish(writer, size, type), Outcome::ok);
  }
  /// Two laps of what everybody gets.
  void go_on(ring::Writer& writer, std::uint32_t first_type) {
    for (std::uint32_t i = 0; i < 80 && !testing::Test::HasFailure(); ++i) {
      const std::uint32_t type = first_type + i;
      publish(writer, 60 + i % 3 * 50, type);
      EXPECT_EQ(listener.drain(), Types{type});
    }
  }
  /// Of all records from there on, and the next claim's.
  void expect_numbers_in_a_row(const ring::ChannelCounts& from) const {
    const ring::ChannelCounts now = ring::channel_counts(channel.ring);
    std::uint64_t sequence = from.sequence;
    for (std::uint64_t at = from.claimed; at < now.claimed;) {
      const layout::RecordHeader& record = channel.ring.record(at);
      const layout::Word word(record.word.load());
      EXPECT_NE(word.state(), layout::RecordState::claimed);
      if (layout::takes_number(word)) {
        EXPECT_EQ(record.sequence.load(), sequence++);
      }
      ASSERT_GT(word.length(), 0u);
      at += channel.ring.extent(word.length());
    }
    EXPECT_EQ(now.sequence, sequence);
  }
  void expect_a_free_slot(std::uint32_t slot) const {
    EXPECT_EQ(channel.ring.slots[slot].oldest_claim.load(), layout::kNoClaim);
    EXPECT_EQ(channel.ring.control->mutex.owner.load(), 0u);
    EXPECT_EQ(channel.ring.seats_control->room_waiters.load() >> slot & 1, 0u);
  }
  void expect_a_free_seat(std::uint32_t seat) const {
    const ring::SeatCounts counts = ring::seat_counts(channel.ring, seat);
    EXPECT_EQ(counts.state, SeatState::free);
    EXPECT_EQ(counts.held, 0u);
    EXPECT_EQ(channel.ring.seats_control->active[0].load() >> seat & 1, 0u);
    EXPECT_EQ(channel.ring.seats_control->sleepers[0].load() >> seat & 1, 0u);
  }

  TestRing channel;
  Listener listener;
  std::optional<ring::Writer> fellow;
  std::uint64_t dead_claims = 0;  // of others that died before
};

/// The broker's part.
void recover(World& world, std::uint32_t slot) {
  EXPECT_EQ(ring::recover_slot(world.channel.ring, slot), ring::Recovered::done);
}

class DeathAnywhere : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (const char* why = SteppedChild::why_not()) GTEST_SKIP() << why;
    sync::register_membarrier();
  }
  bool is_solo() const { return GetParam().publishers == 1; }

  /// `die(n)` for each instruction after which to die; it says whether the work was over by then.
  template <typename Die>
  void behind_every_instruction(std::uint32_t instructions, Die die) {
    // Long work is long because it waits: the same looks again and again, before its last part.
    const std::uint32_t last = std::min(instructions, kLastPart);
    const std::uint32_t deaths = last < kLastPart ? deaths_wanted() : deaths_wanted() / 4 + 1;
    for (std::uint32_t n = instructions - last; !HasFailure(); n += last / deaths + 1) {
      SCOPED_TRACE("after instruction " + std::to_string(n));
      if (die(n)) return;
    }
  }
  static std::uint32_t deaths_wanted() {
    const char* wanted = std::getenv("BUSBAR_STEP_DEATHS");
    return wanted == nullptr ? kDeaths : static_cast<std::uint32_t>(std::max(1, std::atoi(wanted)));
  }
  static std::uint32_t count(const std::function<SteppedChild::Work()>& prepare,
                             const std::function<void(SteppedChild&)>& lead = {}) {
    SteppedChild child(prepare);
    if (lead) lead(child);
    std::uint32_t instructions = 0;
    while (child.step()) ++instructions;
    RecordProperty("instructions", static_cast<int>(instructions));
    return instructions;
  }
  /// True if the work was over.
  static bool kill_after(std::uint32_t instructions,
                         const std::function<SteppedChild::Work()>& prepare,
                         const std::function<void(SteppedChild&)>& lead = {}) {
    SteppedChild child(prepare);
    if (lead) lead(child);
    for (std::uint32_t i = 0; i < instructions && child.step(); ++i) {
    }
    const bool over = child.is_over();
    child.kill();
    return over;
  }
};

/// A publisher dies. It has slot 0.
class PublisherDeath : public DeathAnywhere {
 protected:
  /// The one that dies, as it is made in its process.
  struct Mortal {
    explicit Mortal(World& in) : world(in) {
      sync::register_membarrier();
      ring::grant_slot(world.channel.ring, 0, own_member());
      writer.emplace(world.channel.ring, 0);
    }
    Room claim(std::uint64_t size) {
      const Room room = must_claim(*writer, size);
      test::fill(world.channel.ring, room, kOfTheDead + claims++);
      return room;
    }
    World& world;
    std::optional<ring::Writer> writer;
    std::uint32_t claims = 0;
    ring::Interrupt interrupt;
  };
  using Prepare = std::function<SteppedChild::Work(Mortal&)>;

  /// How the stream may look behind a death: what its work commits if it comes to its end, and how
  /// many claims it has.
  struct Rule {
    std::uint32_t commits;
    std::uint32_t claims;
    bool any_of_them = false;  // not the first ones alone
  };

  /// `lead` brings the child to where the steps begin.
  void kill_everywhere(const Rule& rule, const std::function<void(World&)>& before,
                       const Prepare& prepare,
                       const std::function<void(World&, SteppedChild&)>& lead = {}) {
    const auto led = [&](World& world) {
      return [&](SteppedChild& child) {
        if (lead) lead(world, child);
      };
    };
    const auto in_child = [&](World& world) {
      return [&] {
        auto* mortal = new Mortal(world);
        return prepare(*mortal);
      };
    };
    std::uint32_t instructions = 0;
    {
      World world(GetParam());
      before(world);
      instructions = count(in_child(world), led(world));
    }
    behind_every_instruction(instructions, [&](std::uint32_t n) {
      World world(GetParam());
      before(world);
      world.listener.drain();
      const std::uint64_t missing = world.listener.missing();
      const ring::ChannelCounts begin = ring::channel_counts(world.channel.ring);
      const bool over = kill_after(n, in_child(world), led(world));
      // Both dead, if there are two, as the broker finds them.
      if (!is_solo()) {
        recover(world, 2);
      }
      recover(world, 0);
      world.expect_a_free_slot(0);
      world.expect_numbers_in_a_row(begin);
      expect_as_ruled(rule, world.listener.drain(), over);
      if (world.fellow) world.go_on(*world.fellow, 1000);
      ring::Writer heir = world.channel.writer(0);
      world.go_on(heir, kOfTheHeir);
      EXPECT_LE(world.listener.missing() - missing, rule.claims + world.dead_claims);
      return over;
    });
  }
  static void expect_as_ruled(const Rule& rule, Types types, bool over) {
    std::erase_if(types, [](std::uint32_t type) { return type < kOfTheDead; });
    EXPECT_TRUE(std::is_sorted(types.begin(), types.end()));
    for (std::size_t i = 0; i < types.size(); ++i) {
      EXPECT_LT(types[i], kOfTheDead + rule.commits);
      if (!rule.any_of_them) {
        EXPECT_EQ(types[i], kOfTheDead + i);
      }
    }
    if (over) {
      EXPECT_EQ(types.size(), rule.commits);
    }
  }

  static void nothing(World&) {}
  /// The publisher before it, of the same slot, has nearly come round to a message that is held.
  static void nearly_a_lap(World& world) {
    ring::Writer first = world.channel.writer(0);
    world.publish(first, 60, 0);
    ring::grant_seat(world.channel.ring, 3, {});
    auto* holder = new ring::Receiver(world.channel.ring, 3, JoinAt::oldest, SeatKind::reliable);
    holders().emplace_back(holder);
    Record record;
    std::uint32_t place = 0;
    EXPECT_EQ(holder->try_take(record, place), Outcome::ok);
    while (world.channel.ring.control->publishers.claimed.load() < 3600) {
      world.publish(first, 20, 1);
      world.listener.drain();
      std::uint32_t other = 0;
      EXPECT_EQ(holder->try_take(record, other), Outcome::ok);
      EXPECT_FALSE(holder->let_go(other));
    }
    EXPECT_FALSE(holder->close());
    ring::leave_slot(world.channel.ring, 0);
    recover(world, 0);
  }
  static std::vector<std::unique_ptr<ring::Receiver>>& holders() {
    static std::vector<std::unique_ptr<ring::Receiver>> all;
    return all;
  }
  void TearDown() override { holders().clear(); }
};

const Kind kKinds[] = {{"solo", 1, WhenFull::block},
                       {"several", 4, WhenFull::block},
                       {"solo_evict", 1, WhenFull::evict},
                       {"several_evict", 4, WhenFull::evict}};
INSTANTIATE_TEST_SUITE_P(Of, PublisherDeath, testing::ValuesIn(kKinds), name_of);

TEST_P(PublisherDeath, InAClaim) {
  kill_everywhere({0, 1}, nothing, [](Mortal& mortal) {
    return [&mortal] {
      Room room;
      mortal.writer->try_claim(100, room);
    };
  });
}

TEST_P(PublisherDeath, InAClaimThatStepsOverAHeldMessage) {
  kill_everywhere({0, 1}, nearly_a_lap, [](Mortal& mortal) {
    return [&mortal] {
      Room room;
      mortal.writer->try_claim(500, room);
    };
  });
}

TEST_P(PublisherDeath, InACommitThatWakesASleeper) {
  kill_everywhere({1, 1}, nothing, [](Mortal& mortal) {
    const Room room = mortal.claim(100);
    mortal.world.channel.ring.seats_control->sleepers[0].store(1);
    return [&mortal, room] { mortal.writer->commit(room, 100, kOfTheDead); };
  });
}

TEST_P(PublisherDeath, InAShortCommit) {
  kill_everywhere({1, 1}, nothing, [](Mortal& mortal) {
    const Room room = mortal.claim(300);
    return [&mortal, room] { mortal.writer->commit(room, 20, kOfTheDead); };
  });
}

TEST_P(PublisherDeath, InAnAbort) {
  kill_everywhere({1, 2}, nothing, [](Mortal& mortal) {
    const Room first = mortal.claim(100);
    mortal.writer->commit(first, 100, kOfTheDead);
    const Room room = mortal.claim(100);
    return [&mortal, room] { mortal.writer->abort(room); };
  });
}

TEST_P(PublisherDeath, InABatch) {
  kill_everywhere({3, 3, !is_solo()}, nothing, [](Mortal& mortal) {
    const Room rooms[] = {mortal.claim(50), mortal.claim(60), mortal.claim(70)};
    return [&mortal, rooms] {
      mortal.writer->begin_batch(rooms);
      mortal.writer->store_word(rooms[2], kOfTheDead + 2);
      mortal.writer->store_word(rooms[1], kOfTheDead + 1);
      mortal.writer->store_word(rooms[0], kOfTheDead);
      mortal.writer->publish_batch(rooms);
    };
  });
}

TEST_P(PublisherDeath, InCommitsOutOfOrder) {
  kill_everywhere({2, 2, true}, nothing, [](Mortal& mortal) {
    const Room first = mortal.claim(50);
    const Room second = mortal.claim(60);
    return [&mortal, first, second] {
      mortal.writer->commit(second, 60, kOfTheDead + 1);
      mortal.writer->commit(first, 50, kOfTheDead);
    };
  });
}

TEST_P(PublisherDeath, InAClaimThatEvicts) {
  if (GetParam().when_full != WhenFull::evict) GTEST_SKIP() << "nobody is evicted";
  const auto laggard = [](World& world) {
    ring::Writer first = world.channel.writer(0);
    world.publish(first, 60, 0);
    ring::grant_seat(world.channel.ring, 3, {});
    ring::join(world.channel.ring, 3, JoinAt::oldest);
    while (world.channel.ring.control->publishers.claimed.load() < 3600) {
      world.publish(first, 20, 1);
      world.listener.drain();
    }
    ring::leave_slot(world.channel.ring, 0);
    recover(world, 0);
  };
  kill_everywhere({0, 1}, laggard, [](Mortal& mortal) {
    return [&mortal] {
      Room room;
      mortal.writer->try_claim(500, room);
    };
  });
}

TEST_P(PublisherDeath, InASleepThatEndsWithRoom) {
  if (GetParam().when_full == WhenFull::evict) GTEST_SKIP() << "nobody waits";
  kill_everywhere(
      {0, 1}, nothing,
      [](Mortal& mortal) {
        // Only the listener is in the way.
        publish_until_full(*mortal.writer, 100);
        return [&mortal] {
          Room room;
          mortal.writer->claim(500, room, mortal.interrupt);
        };
      },
      [](World& world, SteppedChild& child) {
        child.run_until_it_sleeps();
        world.listener.drain();
      });
}

TEST_P(PublisherDeath, InTakingTheMutexOverFromTheDead) {
  if (is_solo()) GTEST_SKIP() << "there is no mutex";
  // One that died before it: its claim is placed, and not yet counted.
  const auto dead = [](World& world) {
    const ring::RingView& ring = world.channel.ring;
    SteppedChild child([&] {
      sync::register_membarrier();
      ring::grant_slot(ring, 2, own_member());
      auto* writer = new ring::Writer(ring, 2);
      return [&ring, writer] {
        Room room;
        writer->try_claim(100, room);
      };
    });
    const std::uint64_t at = ring.control->publishers.claimed.load();
    while (ring.record(at).word.load() == 0) ASSERT_TRUE(child.step());
    world.dead_claims = 1;
  };
  kill_everywhere({1, 1}, dead, [](Mortal& mortal) {
    return [&mortal] {
      Room room;
      if (mortal.writer->claim(100, room, mortal.interrupt) != Outcome::ok) return;
      fill(mortal.world.channel.ring, room, kOfTheDead);
      mortal.writer->commit(room, 100, kOfTheDead);
    };
  });
}

TEST_P(PublisherDeath, InTheEnd) {
  kill_everywhere({0, 1}, nothing, [](Mortal& mortal) {
    return [&mortal] { mortal.writer->end(mortal.interrupt); };
  });
}

TEST_P(PublisherDeath, InLeaving) {
  kill_everywhere({0, 0}, nothing, [](Mortal& mortal) {
    return [&mortal] { ring::leave_slot(mortal.world.channel.ring, 0); };
  });
}

/// A subscriber dies. It has seat 1; who publishes lives.
class SubscriberDeath : public DeathAnywhere {
 protected:
  struct Mortal {
    explicit Mortal(World& in, SeatKind of) : world(in), kind(of) {
      sync::register_membarrier();
      ring::grant_seat(world.channel.ring, 1, own_member());
    }
    void join() { receiver.emplace(world.channel.ring, 1, JoinAt::oldest, kind); }
    void take(int count) {
      for (; count > 0; --count) {
        std::uint32_t place = 0;
        Record record;
        EXPECT_EQ(receiver->try_take(record, place), Outcome::ok);
        places.push_back(place);
      }
    }
    World& world;
    SeatKind kind;
    std::optional<ring::Receiver> receiver;
    std::vector<std::uint32_t> places;
    ring::Interrupt interrupt;
  };
  using Prepare = std::function<SteppedChild::Work(Mortal&)>;

  void kill_everywhere(const Prepare& prepare) {
    const auto in_child = [&](World& world) {
      return [&] { return prepare(*new Mortal(world, GetParam().seat)); };
    };
    std::uint32_t instructions = 0;
    {
      World world(GetParam());
      ring::Writer writer = world.channel.writer(0);
      publish_some(world, writer);
      instructions = count(in_child(world));
    }
    behind_every_instruction(instructions, [&](std::uint32_t n) {
      World world(GetParam());
      ring::Writer writer = world.channel.writer(0);
      publish_some(world, writer);
      const bool over = kill_after(n, in_child(world));
      // What is published while nobody has noticed yet.
      world.publish(writer, 60, 100);
      EXPECT_EQ(world.listener.drain(), Types{100});
      ring::reap_seat(world.channel.ring, 1);
      world.expect_a_free_seat(1);
      world.go_on(writer, 1000);
      expect_that_an_heir_gets_all(world, writer);
      return over;
    });
  }

 private:
  static void expect_that_an_heir_gets_all(World& world, ring::Writer& writer) {
    Listener heir(world.channel, 1);
    heir.drain();
    for (std::uint32_t type = 2000; type < 2080 && !HasFailure(); ++type) {
      world.publish(writer, 150, type);
      EXPECT_EQ(heir.drain(), Types{type});
      EXPECT_EQ(world.listener.drain(), Types{type});
    }
  }
  static void publish_some(World& world, ring::Writer& writer) {
    for (std::uint32_t i = 0; i < 12; ++i) world.publish(writer, 60, i);
    world.listener.drain();
  }
};

const Kind kSeatKinds[] = {{"reliable", 1, WhenFull::block},
                           {"reliable_of_several", 2, WhenFull::block},
                           {"evict", 1, WhenFull::evict},
                           {"lossy", 1, WhenFull::block, SeatKind::lossy}};
INSTANTIATE_TEST_SUITE_P(Of, SubscriberDeath, testing::ValuesIn(kSeatKinds), name_of);

TEST_P(SubscriberDeath, InJoining) {
  kill_everywhere([](Mortal& mortal) { return [&mortal] { mortal.join(); }; });
}

TEST_P(SubscriberDeath, InReceivingTheFirst) {
  kill_everywhere([](Mortal& mortal) {
    mortal.join();
    return [&mortal] { mortal.take(1); };
  });
}

TEST_P(SubscriberDeath, InReceivingWhileItHolds) {
  kill_everywhere([](Mortal& mortal) {
    mortal.join();
    mortal.take(2);
    return [&mortal] { mortal.take(2); };
  });
}

TEST_P(SubscriberDeath, InReleasing) {
  kill_everywhere([](Mortal& mortal) {
    mortal.join();
    mortal.take(3);
    return [&mortal] {
      for (const std::uint32_t place : mortal.places) {
        static_cast<void>(mortal.receiver->let_go(place));
      }
    };
  });
}

TEST_P(SubscriberDeath, InFallingAsleep) {
  kill_everywhere([](Mortal& mortal) {
    mortal.join();
    mortal.take(8);
    for (const std::uint32_t place : mortal.places) {
      static_cast<void>(mortal.receiver->let_go(place));
    }
    mortal.take(4);
    static_cast<void>(mortal.receiver->let_go(mortal.places[8]));
    return [&mortal] { mortal.receiver->await(Deadline::after({}), mortal.interrupt); };
  });
}

TEST_P(SubscriberDeath, InLeavingWhileItHolds) {
  kill_everywhere([](Mortal& mortal) {
    mortal.join();
    mortal.take(3);
    return [&mortal] {
      static_cast<void>(mortal.receiver->close());
      for (const std::uint32_t place : mortal.places) {
        static_cast<void>(mortal.receiver->let_go(place));
      }
      ring::leave_seat(mortal.world.channel.ring, 1);
    };
  });
}

}  // namespace
}  // namespace busbar::test
