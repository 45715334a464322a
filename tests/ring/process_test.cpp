#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <random>
#include <vector>

#include "common/sync/fence.hpp"
#include "common/sync/pause.hpp"
#include "common/sync/process_identity.hpp"
#include "common/sync/ring_mutex.hpp"
#include "tests/ring/messages.hpp"

// Members as processes: the only way to see a death. The parent plays the broker. Nothing of it
// under ThreadSanitizer, which knows one process.

namespace busbar::test {
namespace {

using ring::Record;
using ring::Room;

constexpr std::uint32_t kWriters = 4;
constexpr std::uint32_t kReaders = 3;

/// A child that runs `body` and exits with what it returns; 99 if an assertion threw or failed.
pid_t spawn(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  sync::register_membarrier();
  const int code = body();
  std::fflush(nullptr);
  ::_exit(testing::Test::HasFailure() ? 99 : code);
}

int exit_code(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::uint32_t type_of(std::uint32_t writer, std::uint32_t number) {
  return writer << 28 | number;
}
std::uint64_t size_of(std::uint32_t type) {
  return (type * 2654435761u >> 9) % 200;
}

std::uint32_t below(std::mt19937& random, std::uint32_t bound) {
  return static_cast<std::uint32_t>(random() % bound);
}

/// What the processes share beside the ring.
struct Shared {
  std::atomic<std::uint32_t> next[kWriters];  // a writer's next number, stored before its claim
  std::atomic<std::uint32_t> committed[kWriters];  // stored after its commit
  std::atomic<bool> stop;
};

class RingProcess : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "ThreadSanitizer knows one process only";
#endif
    sync::register_membarrier();
    ring::Settings wanted = settings_with(kWriters, 16384);
    wanted.block_timeout_ns = 3'600'000'000'000;
    wanted.fence_rule = sync::best_fence_rule();
    channel = std::make_unique<TestRing>(wanted);
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    shared = new (memory) Shared{};
  }
  void TearDown() override {
    if (shared != nullptr) ::munmap(shared, sizeof(Shared));
  }

  /// As a writer process: goes on where its predecessor in the slot has stopped.
  int write(std::uint32_t slot, std::uint32_t last) const {
    ring::Writer writer(channel->ring, slot);
    ring::Interrupt interrupt;
    std::uint32_t number = shared->next[slot].load();
    while (number < last && !shared->stop.load()) {
      const std::uint32_t type = type_of(slot, number);
      shared->next[slot].store(number + 1);
      Room room;
      if (writer.claim(size_of(type) + 16, room, interrupt) != Outcome::ok) return 1;
      fill(channel->ring, room, type);
      writer.commit(room, size_of(type), type);
      shared->committed[slot].store(++number);
    }
    return 0;
  }

  /// As a reader process. One that finds something wrong leaves, so that nobody waits for it.
  static int read(const TestRing& channel, std::uint32_t seat, Subscriber& subscriber,
                  std::uint32_t each) {
    const int code = read_all(subscriber, each);
    ring::leave_seat(channel.ring, seat);
    return code;
  }

  /// Up to the channel's end: `each` messages of each writer, in order; kSomeAreLost: of those that
  /// come, each once and in order. Subscriber::next looks at the bytes.
  static constexpr std::uint32_t kSomeAreLost = 0;
  static int read_all(Subscriber& subscriber, std::uint32_t each) {
    ring::Interrupt interrupt;
    std::uint32_t next[kWriters] = {};
    for (;;) {
      Record record;
      const Outcome outcome = subscriber.next(record);
      if (outcome == Outcome::empty) {
        const Outcome waited = subscriber.reader().await(Deadline::never(), interrupt);
        if (waited != Outcome::ok && waited != Outcome::closed) return 2;
        continue;
      }
      if (outcome == Outcome::closed) {
        for (const std::uint32_t count : next) {
          if (each != kSomeAreLost && count != each) return 7;
        }
        return 0;
      }
      if (outcome != Outcome::ok) return 3;
      const std::uint32_t writer = record.type >> 28;
      const std::uint32_t number = record.type & 0xfffffff;
      if (writer >= kWriters || record.size != size_of(record.type)) return 4;
      if (each == kSomeAreLost ? number < next[writer] : number != next[writer]) return 5;
      next[writer] = number + 1;
    }
  }

  ring::Member member_of(pid_t pid) const {
    const sync::ProcessIdentity self = sync::own_identity();
    const auto id = static_cast<std::uint64_t>(pid);
    return {1, id, sync::start_time_of(id).value_or(0), self.pid_namespace};
  }

  std::unique_ptr<TestRing> channel;
  Shared* shared = nullptr;
};

TEST_F(RingProcess, FourWritersAndThreeReadersSeeEveryByte) {
  constexpr std::uint32_t kMessages = 20000;
  std::vector<pid_t> readers;
  for (std::uint32_t seat = 0; seat < kReaders; ++seat) {
    Subscriber subscriber(*channel, seat);
    readers.push_back(spawn([&] { return read(*channel, seat, subscriber, kMessages); }));
  }
  std::vector<pid_t> writers;
  for (std::uint32_t slot = 0; slot < kWriters; ++slot) {
    ring::grant_slot(channel->ring, slot, {});
    writers.push_back(spawn([&] { return write(slot, kMessages); }));
  }
  for (const pid_t pid : writers) EXPECT_EQ(exit_code(pid), 0);
  ring::close_channel(channel->ring);
  for (const pid_t pid : readers) EXPECT_EQ(exit_code(pid), 0);
}

// A writer is killed again and again; the broker recovers its slot and lets another one in.
TEST_F(RingProcess, AKilledWriterTakesNothingWithIt) {
  constexpr int kKills = 50;
  constexpr std::uint32_t kVictim = 2;
  Subscriber own(*channel, kReaders);
  std::vector<pid_t> readers;
  for (std::uint32_t seat = 0; seat < kReaders; ++seat) {
    Subscriber subscriber(*channel, seat);
    readers.push_back(spawn([&] { return read(*channel, seat, subscriber, kSomeAreLost); }));
  }
  std::vector<pid_t> fellows;
  for (std::uint32_t slot = 0; slot < kWriters; ++slot) {
    if (slot == kVictim) continue;
    ring::grant_slot(channel->ring, slot, {});
    fellows.push_back(spawn([&] { return write(slot, 0xfffffff); }));
  }

  std::vector<std::uint32_t> seen[kWriters];
  const auto drain = [&] {
    Record record;
    Outcome outcome = Outcome::ok;
    for (int i = 0; i < 2000 && (outcome = own.next(record)) == Outcome::ok; ++i) {
      seen[record.type >> 28].push_back(record.type & 0xfffffff);
    }
    return outcome;
  };

  std::mt19937 random(std::random_device{}());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> doubtful;  // [committed, next) at a death
  for (int kill = 0; kill < kKills; ++kill) {
    ring::grant_slot(channel->ring, kVictim, {});
    const pid_t victim = spawn([&] { return write(kVictim, 0xfffffff); });
    const std::uint32_t begin = shared->committed[kVictim].load();
    const std::uint32_t wanted = begin + 1 + below(random, 300);
    // It is killed in the middle of its work, not at a time of ours.
    while (shared->committed[kVictim].load() < wanted) ASSERT_NE(drain(), Outcome::closed);
    for (std::uint32_t spin = below(random, 2000); spin > 0; --spin) sync::pause();
    ::kill(victim, SIGKILL);
    ASSERT_EQ(exit_code(victim), 1000 + SIGKILL);
    const std::uint32_t committed = shared->committed[kVictim].load();
    const std::uint32_t next = shared->next[kVictim].load();
    doubtful.emplace_back(committed, next);
    shared->committed[kVictim].store(next);
    ASSERT_TRUE(recover(channel->ring, kVictim)) << "after kill " << kill;
    drain();
  }

  shared->stop.store(true);
  // The fellows may still wait for room that only this reader makes.
  for (const pid_t pid : fellows) {
    int status = 0;
    while (::waitpid(pid, &status, WNOHANG) == 0) drain();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  while (drain() == Outcome::ok) {
  }
  ring::close_channel(channel->ring);
  for (const pid_t pid : readers) EXPECT_EQ(exit_code(pid), 0);

  for (std::uint32_t slot = 0; slot < kWriters; ++slot) {
    std::size_t at = 0;
    for (std::uint32_t number = 0; number < shared->committed[slot].load(); ++number) {
      if (at < seen[slot].size() && seen[slot][at] == number) {
        ++at;
        continue;
      }
      bool excused = false;
      for (const auto& [first, behind] : doubtful) {
        excused = excused || (slot == kVictim && number >= first && number < behind);
      }
      ASSERT_TRUE(excused) << "message " << number << " of writer " << slot << " was lost";
    }
    EXPECT_EQ(at, seen[slot].size()) << "a message was seen twice";
  }
}

// The same without a broker: fellows find out and mend, the slot stays taken.
TEST_F(RingProcess, AKilledWriterStopsNobodyWhileTheBrokerIsAway) {
  for (int kill = 0; kill < 30; ++kill) {
    channel = std::make_unique<TestRing>(channel->settings);
    new (shared) Shared{};
    std::vector<pid_t> readers;
    for (std::uint32_t seat = 0; seat < kReaders; ++seat) {
      Subscriber subscriber(*channel, seat);
      readers.push_back(spawn([&] { return read(*channel, seat, subscriber, kSomeAreLost); }));
    }
    std::vector<pid_t> writers;
    for (std::uint32_t slot = 0; slot < kWriters; ++slot) {
      writers.push_back(spawn([&] {
        while (channel->ring.slots[slot].word.load().state() == layout::SlotState::free) {
        }
        return write(slot, 0xfffffff);
      }));
      ring::grant_slot(channel->ring, slot, member_of(writers[slot]));
    }
    std::mt19937 random(std::random_device{}());
    const std::uint32_t wanted = 1 + below(random, 300);
    const auto writes_on = [&](std::uint32_t slot, std::uint32_t more) {
      const std::uint32_t begin = shared->committed[slot].load();
      while (shared->committed[slot].load() < begin + more) ::sched_yield();
    };
    writes_on(0, wanted);
    for (std::uint32_t spin = below(random, 2000); spin > 0; --spin) sync::pause();
    ::kill(writers[0], SIGKILL);
    ASSERT_EQ(exit_code(writers[0]), 1000 + SIGKILL);
    // Laps enough that a claim or a mutex that nobody mends would stop everything.
    for (std::uint32_t slot = 1; slot < kWriters; ++slot) writes_on(slot, 500);
    shared->stop.store(true);
    for (std::uint32_t slot = 1; slot < kWriters; ++slot) EXPECT_EQ(exit_code(writers[slot]), 0);
    ASSERT_TRUE(recover(channel->ring, 0));
    ring::close_channel(channel->ring);
    for (const pid_t pid : readers) EXPECT_EQ(exit_code(pid), 0);
  }
}

TEST_F(RingProcess, AKilledReaderStopsNobodyWhileTheBrokerIsAway) {
  for (const std::uint32_t publishers : {1u, kWriters}) {
    ring::Settings wanted = channel->settings;
    wanted.max_publishers = publishers;
    channel = std::make_unique<TestRing>(wanted);
    new (shared) Shared{};
    const pid_t reader = spawn([&] {
      Subscriber subscriber(*channel, 1);
      shared->committed[1].store(1);
      for (;;) ::pause();
      return 0;
    });
    while (shared->committed[1].load() == 0) {
    }
    const ring::Member member = member_of(reader);  // what the broker would have stored before
    channel->ring.seats[1].start_time.store(member.start_time);
    channel->ring.seats[1].pid_namespace.store(member.pid_namespace);
    channel->ring.seats[1].pid.store(member.pid);
    ring::grant_slot(channel->ring, 0, {});
    ring::Writer writer(channel->ring, 0);
    ASSERT_EQ(publish(writer, 50, 0), Outcome::ok);
    ::kill(reader, SIGKILL);
    ASSERT_EQ(exit_code(reader), 1000 + SIGKILL);
    ring::Interrupt interrupt;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      Room room;
      ASSERT_EQ(writer.claim(100, room, interrupt), Outcome::ok);
      fill(channel->ring, room, i);
      writer.commit(room, 100, i);
    }
    EXPECT_EQ(channel->ring.seats[1].word.load().state(), layout::SeatState::dead);
  }
}

TEST_F(RingProcess, ASoloWriterThatIsKilledHandsTheRoleOver) {
  ring::Settings wanted = settings_with(1, 8192);
  wanted.block_timeout_ns = 3'600'000'000'000;
  wanted.fence_rule = sync::best_fence_rule();
  channel = std::make_unique<TestRing>(wanted);
  Subscriber own(*channel, 0);
  std::mt19937 random(std::random_device{}());
  std::uint32_t last = 0;
  std::uint64_t last_sequence = 0;
  bool first = true;
  const auto drain = [&] {
    Record record;
    while (own.next(record) == Outcome::ok) {
      if (!first) {
        EXPECT_GT(record.type, last);
        EXPECT_EQ(record.sequence, last_sequence + 1);
      }
      first = false;
      last = record.type;
      last_sequence = record.sequence;
    }
  };
  for (int kill = 0; kill < 30; ++kill) {
    ring::grant_slot(channel->ring, 0, {});
    const pid_t victim = spawn([&] { return write(0, 0xfffffff); });
    const std::uint32_t target = shared->committed[0].load() + 1 + below(random, 300);
    while (shared->committed[0].load() < target) drain();
    for (std::uint32_t spin = below(random, 2000); spin > 0; --spin) sync::pause();
    ::kill(victim, SIGKILL);
    ASSERT_EQ(exit_code(victim), 1000 + SIGKILL);
    const std::uint32_t committed = shared->committed[0].load();
    shared->committed[0].store(shared->next[0].load());
    ASSERT_TRUE(recover(channel->ring, 0));
    drain();
    ASSERT_GE(last + 1, committed) << "a committed message was lost";
  }
}

TEST_F(RingProcess, AWaiterFindsOutByItselfThatTheMutexHolderDied) {
  const pid_t holder = spawn([&] {
    for (;;) {
      if (shared->stop.load()) break;  // until its identity is in its slot
    }
    return sync::RingMutex(channel->ring.control->mutex).try_lock(mutex_owner(channel->ring, 1)) ==
                   sync::RingMutex::Result::acquired
               ? 0
               : 1;
  });
  ring::grant_slot(channel->ring, 1, member_of(holder));
  shared->stop.store(true);
  ASSERT_EQ(exit_code(holder), 0);
  ASSERT_EQ(sync::RingMutex(channel->ring.control->mutex).holder(), mutex_owner(channel->ring, 1));

  auto writer = channel->writer(0);
  Subscriber subscriber(*channel, 0);
  ring::Interrupt interrupt;
  Room room;
  ASSERT_EQ(writer.claim(8, room, interrupt), Outcome::ok);  // no broker has done anything
  fill(channel->ring, room, 1);
  writer.commit(room, 8, 1);
  EXPECT_EQ(subscriber.drain(), Types{1});
  EXPECT_EQ(sync::RingMutex(channel->ring.control->mutex).holder(), sync::RingMutex::kFree);
}

TEST_F(RingProcess, AWaiterDoesNotTakeTheMutexFromOneThatIsStopped) {
  ring::Settings wanted = channel->settings;
  wanted.block_timeout_ns = 100'000'000;
  channel = std::make_unique<TestRing>(wanted);
  const pid_t holder = spawn([&] {
    while (!shared->stop.load()) {
    }
    sync::RingMutex mutex(channel->ring.control->mutex);
    if (mutex.try_lock(mutex_owner(channel->ring, 1)) != sync::RingMutex::Result::acquired)
      return 1;
    ::raise(SIGSTOP);
    if (mutex.holder() != mutex_owner(channel->ring, 1)) return 2;
    mutex.unlock();
    return 0;
  });
  ring::grant_slot(channel->ring, 1, member_of(holder));
  shared->stop.store(true);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(holder), &info, WSTOPPED), 0);
  auto writer = channel->writer(0);
  ring::Interrupt interrupt;
  Room room;
  EXPECT_EQ(writer.claim(8, room, interrupt), Outcome::timeout);
  EXPECT_EQ(sync::RingMutex(channel->ring.control->mutex).holder(), mutex_owner(channel->ring, 1));
  ::kill(holder, SIGCONT);
  EXPECT_EQ(exit_code(holder), 0);
  EXPECT_EQ(writer.claim(8, room, interrupt), Outcome::ok);
}

TEST_F(RingProcess, AKilledSleepingReaderGatesNoMoreOnceReaped) {
  {
    Subscriber subscriber(*channel, 1);
    const pid_t reader = spawn([&] {
      shared->stop.store(true);
      for (;;) ::pause();  // never reads
      return 0;
    });
    while (!shared->stop.load()) {
    }
    auto writer = channel->writer(0);
    publish_until_full(writer, 100);
    ::kill(reader, SIGKILL);
    ASSERT_EQ(exit_code(reader), 1000 + SIGKILL);
    ASSERT_EQ(publish(writer, 100, 0), Outcome::full);
    ring::reap_seat(channel->ring, 1);
    EXPECT_EQ(publish(writer, 100, 0), Outcome::ok);
  }
}

}  // namespace
}  // namespace busbar::test
