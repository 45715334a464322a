#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <set>
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
  ModelReader(const TestRing& channel, std::uint32_t seat, ring::JoinAt at, ring::SeatKind wanted)
      : kind(wanted), receiver(channel.receiver(seat, at, wanted)) {}
  bool is_reliable() const { return kind == ring::SeatKind::reliable; }

  ring::SeatKind kind;
  ring::Receiver receiver;
  std::vector<Held> held;
  std::optional<std::uint32_t> current;  // the place that only the cursor keeps
  std::size_t next = 0;                  // index of the entry that it reads next
  std::uint64_t lost = 0;
  bool evicted = false;
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
  std::uint64_t stepped_over() const { return stepped_over_; }
  std::uint64_t lost() const { return lost_; }

  void step() {
    switch (below(20)) {
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
      case 13:
        return release();
      case 14:
        return poll();
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
    if (random() % 4 == 0) wanted.when_full = layout::WhenFull::evict;
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

  bool evicts() const { return channel_.settings.when_full == layout::WhenFull::evict; }
  std::uint64_t capacity() const { return channel_.settings.capacity; }

  std::uint64_t open_gate() {
    oldest_unfinished_ = first_open();
    return position_of(oldest_unfinished_);
  }

  /// Where a reliable reader's cursor has to be: at what nothing else keeps, or at what it reads
  /// next.
  std::uint64_t cursor(const ModelReader& reader) const {
    for (const Held& held : reader.held) {
      if (held.place == reader.current) return held.record.position;
    }
    return reader.receiver.position();
  }

  void check_cursors() const {
    for (std::uint32_t seat = 0; seat < readers_.size(); ++seat) {
      if (!readers_[seat] || !readers_[seat]->is_reliable()) continue;
      ASSERT_EQ(channel_.ring.seats[seat].cursor.load(), cursor(*readers_[seat]));
    }
  }

  /// The first place within a lap where that many bytes meet nothing that is pinned.
  std::optional<std::uint64_t> first_clear(std::uint64_t bytes) const {
    std::vector<bool> pinned(capacity() / 8);
    for (const auto& reader : readers_) {
      if (!reader) continue;
      for (const Held& held : reader->held) {
        if (held.place == reader->current) continue;
        const std::uint64_t end = held.record.position + extent(held.record.size);
        for (std::uint64_t at = held.record.position; at < end; at += 8) {
          pinned[at % capacity() / 8] = true;
        }
      }
    }
    std::uint64_t at = position_;
    for (std::uint64_t i = at; i < at + bytes; i += 8) {
      if (i >= position_ + capacity()) return {};
      if (!pinned[i % capacity() / 8]) continue;
      at = i + 8;
      while ((at + 16) % channel_.settings.alignment != 0) at += 8;
      i = at - 8;
    }
    return at + bytes <= position_ + capacity() ? std::optional(at) : std::nullopt;
  }

  /// Whether cursors and open claims allow a claim up to `need`; evicts as the publisher would.
  bool gates_allow(std::uint64_t need) {
    if (need > open_gate() + capacity()) return false;
    bool allowed = true;
    for (const auto& reader : readers_) {
      if (!reader || !reader->is_reliable() || reader->evicted) continue;
      if (need <= cursor(*reader) + capacity()) continue;
      reader->evicted = evicts();
      allowed = allowed && evicts();
    }
    return allowed;
  }

  void claim() {
    const auto slot = static_cast<std::uint32_t>(below(writers_.size()));
    if (!writers_[slot]) writers_[slot].emplace(channel_.writer(slot));
    const std::uint64_t size = below(largest_ + 1);
    const std::uint64_t bytes = extent(size) + layout::kReserveBytes;
    check_cursors();
    const std::optional<std::uint64_t> place = first_clear(bytes);
    const bool fits = place && gates_allow(*place + bytes);
    Room room;
    const Outcome outcome = writers_[slot]->try_claim(size, room);
    ASSERT_EQ(outcome, fits ? Outcome::ok : Outcome::full) << "claim of " << size;
    if (!fits) return;
    ASSERT_EQ(room.position, *place);
    ASSERT_EQ((room.position + 16) % channel_.settings.alignment, 0u);
    if (*place != position_) {
      ++stepped_over_;
      skips_.insert(position_);
    }
    Entry entry;
    entry.position = *place;
    entry.size = size;
    entry.sequence = sequence_++;
    entry.seed = static_cast<std::uint32_t>(random_());
    entry.writer = slot;
    position_ = *place + extent(size);
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
    for (const std::size_t i : open) rooms.push_back({entries_[i].position, entries_[i].size});
    writer.begin_batch(rooms);
    for (std::size_t i = open.size(); i-- > 0;) {
      Entry& entry = entries_[open[i]];
      entry.state = Entry::committed;
      entry.used = entry.size;
      writer.store_word(rooms[i], entry.seed);
    }
    writer.publish_batch(rooms);
  }

  void die() {
    const auto slot = static_cast<std::uint32_t>(below(writers_.size()));
    if (!writers_[slot]) return;
    if (solo()) {
      // The last claim was never visible.
      if (!entries_.empty() && entries_.back().state == Entry::open) {
        position_ = entries_.back().position;
        sequence_ = entries_.back().sequence;
        entries_.pop_back();
      }
      for (const std::size_t index : open_entries(slot)) entries_[index].state = Entry::aborted;
    } else {
      for (const std::size_t index : open_entries(slot)) entries_[index].state = Entry::aborted;
    }
    if (below(2) == 0) ring::leave_slot(channel_.ring, slot);
    ASSERT_TRUE(recover(channel_.ring, slot));
    writers_[slot].reset();
    ASSERT_EQ(channel_.ring.control->publishers.claimed.load(), position_);
    ASSERT_EQ(channel_.ring.control->publishers.sequence.load(), sequence_);
  }

  void join() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (readers_[seat]) return;
    const bool oldest = below(2) == 0;
    readers_[seat] = std::make_unique<ModelReader>(
        channel_, seat, oldest ? ring::JoinAt::oldest : ring::JoinAt::now,
        below(3) == 0 ? ring::SeatKind::lossy : ring::SeatKind::reliable);
    ModelReader& reader = *readers_[seat];
    const std::uint64_t start = reader.receiver.position();
    reader.next = index_at(start);
    if (!oldest) {
      ASSERT_EQ(reader.next, first_open());
    }
    if (position_of(reader.next) != start) {
      // Skips begin where a record ends, as it was claimed or as it was committed.
      ASSERT_GT(reader.next, 0u);
      const Entry& before = entries_[reader.next - 1];
      ASSERT_NE(before.state, Entry::open);
      ASSERT_TRUE(start == before.position + extent(before.used) || skips_.count(start) == 1);
    }
    ASSERT_LE(position_ + layout::kReserveBytes, start + capacity());
  }

  /// The first entry at or behind a position.
  std::size_t index_at(std::uint64_t start) const {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), start,
        [](const Entry& entry, std::uint64_t position) { return entry.position < position; });
    return static_cast<std::size_t>(at - entries_.begin());
  }

  void leave() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (!readers_[seat]) return;
    ModelReader& reader = *readers_[seat];
    bool last = reader.receiver.close();
    ASSERT_EQ(last, reader.held.empty());
    while (!reader.held.empty()) {
      check_held(reader.held.back());
      last = reader.receiver.let_go(reader.held.back().place);
      reader.held.pop_back();
      ASSERT_EQ(last, reader.held.empty());
    }
    for (const auto& pin : channel_.ring.seats[seat].pin) ASSERT_EQ(pin.load(), 0u);
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
    release_one(*readers_[seat], below(readers_[seat]->held.size()));
  }

  void release_one(ModelReader& reader, std::size_t index) {
    std::swap(reader.held[index], reader.held.back());
    check_held(reader.held.back());
    if (reader.current == reader.held.back().place) reader.current.reset();
    ASSERT_FALSE(reader.receiver.let_go(reader.held.back().place));
    reader.held.pop_back();
  }

  void read() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (!readers_[seat]) return;
    ModelReader& reader = *readers_[seat];
    for (std::uint64_t count = 1 + below(10); count > 0 && !testing::Test::HasFailure(); --count) {
      Record record;
      std::uint32_t place = 0;
      const Outcome outcome = reader.receiver.try_take(record, place);
      if (outcome == Outcome::too_many_held) {
        ASSERT_TRUE(reader.held.size() == 8 && !reader.evicted);
        return;
      }
      ASSERT_TRUE(reader.held.size() < 8 || reader.evicted);
      reader.current.reset();  // pinned, whatever came next
      check_read(reader, outcome, record);
      if (outcome == Outcome::overrun) continue;
      if (outcome != Outcome::ok) return;
      reader.held.push_back({place, record});
      if (reader.is_reliable() && !evicts()) reader.current = place;
      if (below(lazy_readers_ ? 8 : 3) != 0) release_one(reader, reader.held.size() - 1);
    }
  }

  void poll() {
    const auto seat = static_cast<std::uint32_t>(below(readers_.size()));
    if (!readers_[seat]) return;
    ModelReader& reader = *readers_[seat];
    const int most = 1 + static_cast<int>(below(10));
    Outcome why = Outcome::ok;
    const int count = reader.receiver.poll(
        most, why, [&](const Record& record) { check_read(reader, Outcome::ok, record); });
    reader.current.reset();
    if (why == Outcome::ok) {
      ASSERT_EQ(count, most);
    } else if (why == Outcome::too_many_held) {
      ASSERT_TRUE(reader.held.size() == 8 && (!reader.is_reliable() || evicts()));
    } else {
      check_read(reader, why, {});
    }
  }

  /// What a reader got is what the model has for it.
  void check_read(ModelReader& reader, Outcome outcome, const Record& record) {
    ASSERT_EQ(outcome == Outcome::evicted, reader.evicted);
    if (reader.evicted) return;
    if (!reader.is_reliable()) check_lost(reader, outcome);
    if (outcome == Outcome::overrun) return;
    while (reader.next < entries_.size() && entries_[reader.next].state == Entry::aborted) {
      ++reader.next;
    }
    if (reader.next == entries_.size() || entries_[reader.next].state == Entry::open) {
      ASSERT_EQ(outcome, Outcome::empty);
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
  }

  /// A reader that was lapped is at the tail, and knows how many messages it has not got.
  void check_lost(ModelReader& reader, Outcome outcome) {
    const std::uint64_t lost = reader.receiver.lost() - reader.lost;
    reader.lost = reader.receiver.lost();
    ASSERT_EQ(outcome == Outcome::overrun, lost > 0);
    if (lost == 0) return;
    const std::size_t next = index_at(reader.receiver.position());
    ASSERT_LE(next, first_open());
    std::uint64_t missed = 0;
    for (; reader.next < next; ++reader.next) {
      if (entries_[reader.next].state == Entry::committed) ++missed;
    }
    ASSERT_EQ(lost, missed);
    lost_ += lost;
  }

  std::mt19937_64 random_;
  TestRing channel_;
  std::vector<Entry> entries_;
  std::size_t oldest_unfinished_ = 0;  // everything before it is finished
  std::uint64_t position_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t largest_ = 0;
  std::uint64_t messages_read_ = 0;
  std::uint64_t stepped_over_ = 0;
  std::set<std::uint64_t> skips_;  // where those begin that step over something
  std::uint64_t lost_ = 0;
  bool lazy_readers_ = false;
  std::vector<std::optional<ring::Writer>> writers_;
  std::vector<std::unique_ptr<ModelReader>> readers_;
};

/// What the walks came to.
struct Totals {
  std::uint64_t laps = 0;
  std::uint64_t messages = 0;
  std::uint64_t stepped_over = 0;
  std::uint64_t lost = 0;
};

void compare_with_the_model(std::uint64_t seed, int steps, Totals& totals) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomRing ring(seed);
  for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    ring.step();
  }
  totals.laps += ring.laps();
  totals.messages += ring.messages_read();
  totals.stepped_over += ring.stepped_over();
  totals.lost += ring.lost();
}

TEST(RandomWalk, OfAnyRingIsThatOfThePlainModel) {
  sync::register_membarrier();
  Totals totals;
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    compare_with_the_model(seed, 10000, totals);
  }
  std::cout << totals.laps << " laps, " << totals.messages << " messages, " << totals.stepped_over
            << " times stepped over, " << totals.lost << " lost\n";
  EXPECT_GT(totals.laps, 10 * kSeeds);
  EXPECT_GT(totals.messages, 500 * kSeeds);
  EXPECT_GT(totals.stepped_over, 10 * kSeeds);
  EXPECT_GT(totals.lost, 10 * kSeeds);
}

TEST(RandomWalk, OfARingThatNobodyTriedBeforeIsThatOfThePlainModel) {
  sync::register_membarrier();
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  Totals totals;
  compare_with_the_model(seed, 100000, totals);
}

}  // namespace
}  // namespace busbar::test
