#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "tests/ring/messages.hpp"

// The whole ring against a plain model of it: the list of everything that was ever claimed. One
// thread does what publishers, subscribers and the broker may do, in random order.

namespace busbar::test {
namespace {

using ring::Record;
using ring::Room;

#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t kSeeds = 15;  // one thread only: it says nothing more there
#else
constexpr std::uint64_t kSeeds = 150;
#endif

struct Entry {
  enum State { open, committed, aborted };
  std::uint64_t position = 0;
  std::uint64_t size = 0;  // claimed
  std::uint64_t used = 0;
  std::uint64_t sequence = 0;
  std::uint32_t seed = 0;
  std::uint32_t writer = 0;
  State state = open;
};

struct Held {
  std::uint32_t place;
  Record record;
};

struct ModelReader {
  ModelReader(const TestRing& channel, std::uint32_t seat, ring::JoinAt at)
      : reader(channel.reader(seat, at)), holds(channel.ring, seat, reader.position()) {}
  ring::Reader reader;
  ring::Holds holds;
  std::vector<Held> held;
  std::size_t next = 0;  // index of the entry that it reads next
};

class RandomRing {
 public:
  explicit RandomRing(std::uint64_t seed) : random_(seed), channel_(settings(random_)) {
    const std::uint64_t starts[] = {0, (std::uint64_t{1} << 32) - 500,
                                    (std::uint64_t{7} << 32) - 3};
    sequence_ = starts[below(3)];
    start_at_sequence(channel_, sequence_);
    position_ = layout::first_position(channel_.settings.alignment);
    writers_.resize(channel_.settings.max_publishers);
    readers_.resize(channel_.settings.max_subscribers);
    largest_ = below(2) == 0 ? channel_.settings.capacity / 4 : 1 + below(300);
    lazy_readers_ = below(3) == 0;
  }

  /// So that a walk that gets stuck is no test: bytes claimed, messages read.
  std::uint64_t laps() const { return position_ / channel_.settings.capacity; }
  std::uint64_t messages_read() const { return messages_read_; }

  void step() {
    switch (below(18)) {
      case 0:
        return join();
      case 1:
        if (below(lazy_readers_ ? 40 : 4) == 0) leave();
        return;
      case 2:
        if (below(10) == 0) die();
        return;
      case 3:
        return batch();
      case 4:
      case 5:
      case 6:
      case 7:
        return claim();
      case 8:
      case 9:
      case 10:
      case 11:
        return finish();
      case 12:
        return release();
      default:
        if (!lazy_readers_ || below(4) == 0) read();
        return;
    }
  }

 private:
  static ring::Settings settings(std::mt19937_64& random) {
    ring::Settings wanted;
    wanted.max_publishers = 1 + static_cast<std::uint32_t>(random() % 4);
    wanted.max_subscribers = 2 + static_cast<std::uint32_t>(random() % 5);
    wanted.capacity = std::uint64_t{4096} << random() % 4;
    wanted.alignment = 8u << random() % 10;
    while (wanted.alignment > wanted.capacity / 4) wanted.alignment /= 2;
    if (random() % 2 == 0) wanted.alignment = 8;
    wanted.fence_rule = random() % 2 == 0 ? layout::FenceRule::full : layout::FenceRule::membarrier;
    return wanted;
  }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::uint64_t extent(std::uint64_t size) const { return channel_.ring.extent(16 + size); }
  bool solo() const { return channel_.settings.max_publishers == 1; }

  std::size_t first_open() const {
    for (std::size_t i = oldest_unfinished_; i < entries_.size(); ++i) {
      if (entries_[i].state == Entry::open) return i;
    }
    return entries_.size();
  }
  std::uint64_t position_of(std::size_t index) const {
    return index < entries_.size() ? entries_[index].position : position_;
  }

  /// The lowest position that somebody needs.
  std::uint64_t gate() {
    oldest_unfinished_ = first_open();
    std::uint64_t lowest = position_of(oldest_unfinished_);
    for (std::uint32_t seat = 0; seat < readers_.size(); ++seat) {
      if (readers_[seat]) {
        const std::uint64_t cursor = channel_.ring.seats[seat].cursor.load();
        EXPECT_LE(cursor, readers_[seat]->reader.position());
        for (const Held& held : readers_[seat]->held) EXPECT_LE(cursor, held.record.position);
        lowest = std::min(lowest, cursor);
      }
    }
    return lowest;
  }

  void claim() {
    const auto slot = static_cast<std::uint32_t>(below(writers_.size()));
    if (!writers_[slot]) writers_[slot].emplace(channel_.writer(slot));
    const std::uint64_t size = below(largest_ + 1);
    const bool fits =
        position_ + extent(size) + layout::kReserveBytes <= gate() + channel_.settings.capacity;
    Room room;
    const Outcome outcome = writers_[slot]->try_claim(size, room);
    ASSERT_EQ(outcome, fits ? Outcome::ok : Outcome::full) << "claim of " << size;
    if (!fits) return;
    ASSERT_EQ(room.position, position_);
    ASSERT_EQ((room.position + 16) % channel_.settings.alignment, 0u);
    Entry entry;
    entry.position = position_;
    entry.size = size;
    entry.sequence = sequence_++;
    entry.seed = static_cast<std::uint32_t>(random_());
    entry.writer = slot;
    position_ += extent(size);
    fill(channel_.ring, room, entry.seed);
    entries_.push_back(entry);
    if (below(2) == 0) commit(entries_.size() - 1);
  }

  void commit(std::size_t index) {
    Entry& entry = entries_[index];
    entry.state = Entry::committed;
    entry.used = below(3) == 0 ? below(entry.size + 1) : entry.size;
    writers_[entry.writer]->commit({entry.position, entry.size}, entry.used, entry.seed);
  }

  std::vector<std::size_t> open_entries(std::optional<std::uint32_t> writer = {}) const {
    std::vector<std::size_t> open;
    for (std::size_t i = oldest_unfinished_; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      if (entry.state == Entry::open && entry.writer == writer.value_or(entry.writer)) {
        open.push_back(i);
      }
    }
    return open;
  }

  void finish() {
    const auto open = open_entries();
    if (open.empty()) return;
    const std::size_t index = open[below(2) == 0 ? 0 : below(open.size())];
    if (below(3) != 0) return commit(index);
    Entry& entry = entries_[index];
    entry.state = Entry::aborted;
    writers_[entry.writer]->abort({entry.position, entry.size});
  }

  void batch() {
    auto open = open_entries(static_cast<std::uint32_t>(below(writers_.size())));
    if (open.empty()) return;
    std::shuffle(open.begin() + 1, open.end(), random_);
    open.resize(1 + below(open.size()));
    auto& writer = *writers_[entries_[open[0]].writer];
    std::vector<Room> rooms;
    for (std::size_t i = open.size(); i-- > 0;) {
      Entry& entry = entries_[open[i]];
      entry.state = Entry::committed;
      entry.used = entry.size;
      rooms.push_back({entry.position, entry.size});
      writer.store_word(rooms.back(), entry.seed);
    }
    writer.publish_batch(rooms);
  }

  void die() {
    const auto slot = static_cast<std::uint32_t>(below(writers_.size()));
    if (!writers_[slot]) return;
    if (solo()) {
      // What it claimed and all behind was never visible.
      const std::size_t end = first_open();
      position_ = position_of(end);
      if (end < entries_.size()) sequence_ = entries_[end].sequence;
      entries_.resize(end);
    } else {
      for (const std::size_t index : open_entries(slot)) entries_[index].state = Entry::aborted;
    }
    if (below(2) == 0) ring::leave_slot(channel_.ring, slot);
    ASSERT_TRUE(ring::recover_slot(channel_.ring, slot));
    writers_[slot].reset();
    ASSERT_EQ(channel_.ring.control->publishers.claimed.load(), position_);
    ASSERT_EQ(channel_.ring.control->publishers.sequence.load(), sequence_);
  }

  void join() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (readers_[seat]) return;
    const bool oldest = below(2) == 0;
    readers_[seat] = std::make_unique<ModelReader>(
        channel_, seat, oldest ? ring::JoinAt::oldest : ring::JoinAt::now);
    ModelReader& reader = *readers_[seat];
    const std::uint64_t start = reader.reader.position();
    if (!oldest) {
      const std::uint64_t now = position_of(first_open());
      ASSERT_EQ(start, now);
    }
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), start,
        [](const Entry& entry, std::uint64_t position) { return entry.position < position; });
    reader.next = static_cast<std::size_t>(at - entries_.begin());
    if (position_of(reader.next) != start) {
      // Only the skip behind a short record is a boundary too.
      ASSERT_GT(reader.next, 0u);
      const Entry& before = entries_[reader.next - 1];
      ASSERT_NE(before.state, Entry::open);
      ASSERT_EQ(start, before.position + extent(before.used));
    }
    ASSERT_LE(position_ + layout::kReserveBytes, start + channel_.settings.capacity);
  }

  void leave() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (!readers_[seat]) return;
    ModelReader& reader = *readers_[seat];
    bool last = reader.holds.close();
    ASSERT_EQ(last, reader.held.empty());
    while (!reader.held.empty()) {
      check_held(reader.held.back());
      last = reader.holds.let_go(reader.held.back().place);
      reader.held.pop_back();
      ASSERT_EQ(last, reader.held.empty());
    }
    if (below(2) == 0) ring::leave_seat(channel_.ring, seat);
    ring::reap_seat(channel_.ring, seat);
    readers_[seat].reset();
  }

  void check_held(const Held& held) {
    ASSERT_EQ(
        first_wrong_byte(channel_.ring, held.record.position, held.record.size, held.record.type),
        held.record.size)
        << "a held message was written over";
  }

  void release() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (!readers_[seat] || readers_[seat]->held.empty()) return;
    ModelReader& reader = *readers_[seat];
    std::swap(reader.held[below(reader.held.size())], reader.held.back());
    check_held(reader.held.back());
    ASSERT_FALSE(reader.holds.let_go(reader.held.back().place));
    reader.held.pop_back();
  }

  void read() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (!readers_[seat]) return;
    ModelReader& reader = *readers_[seat];
    for (std::uint64_t count = 1 + below(10); count > 0; --count) {
      const std::uint32_t place = reader.holds.free_place();
      ASSERT_EQ(place == ring::Holds::kNone, reader.held.size() == 8);
      if (place == ring::Holds::kNone) return;
      Record record;
      const Outcome outcome = reader.reader.next(record);
      while (reader.next < entries_.size() && entries_[reader.next].state == Entry::aborted) {
        ++reader.next;
      }
      if (reader.next == entries_.size() || entries_[reader.next].state == Entry::open) {
        ASSERT_EQ(outcome, Outcome::empty);
        reader.holds.pass(reader.reader.position());
        return;
      }
      const Entry& entry = entries_[reader.next++];
      ASSERT_EQ(outcome, Outcome::ok);
      ASSERT_EQ(record.position, entry.position);
      ASSERT_EQ(record.size, entry.used);
      ASSERT_EQ(record.type, entry.seed);
      ASSERT_EQ(record.sequence, entry.sequence);
      ++messages_read_;
      ASSERT_EQ(first_wrong_byte(channel_.ring, record.position, record.size, record.type),
                record.size);
      if (below(3) == 0) {
        reader.holds.hold(place, record.position, record.end);
        reader.held.push_back({place, record});
      } else {
        reader.holds.pass(reader.reader.position());
      }
    }
  }

  std::mt19937_64 random_;
  TestRing channel_;
  std::vector<Entry> entries_;
  std::size_t oldest_unfinished_ = 0;  // everything before it is finished
  std::uint64_t position_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t largest_ = 0;
  std::uint64_t messages_read_ = 0;
  bool lazy_readers_ = false;
  std::vector<std::optional<ring::Writer>> writers_;
  std::vector<std::unique_ptr<ModelReader>> readers_;
};

/// Laps and messages.
std::pair<std::uint64_t, std::uint64_t> compare_with_the_model(std::uint64_t seed, int steps) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRing ring(seed);
  for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    ring.step();
  }
  return {ring.laps(), ring.messages_read()};
}

TEST(RandomWalk, OfAnyRingIsThatOfThePlainModel) {
  sync::register_membarrier();
  std::uint64_t laps = 0;
  std::uint64_t messages = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    const auto [more_laps, more_messages] = compare_with_the_model(seed, 10000);
    laps += more_laps;
    messages += more_messages;
  }
  std::cout << laps << " laps, " << messages << " messages\n";
  EXPECT_GT(laps, 10 * kSeeds);
  EXPECT_GT(messages, 500 * kSeeds);
}

TEST(RandomWalk, OfARingThatNobodyTriedBeforeIsThatOfThePlainModel) {
  sync::register_membarrier();
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  compare_with_the_model(seed, 100000);
}

}  // namespace
}  // namespace busbar::test
