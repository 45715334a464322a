#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// Relative to here: installed, they are found in no other way.
#include "../base/pause.hpp"
#include "../layout/record.hpp"
#include "expect.hpp"

namespace busbar::hot {

/// One committed record as a reader sees it.
struct Record {
  std::uint64_t position = 0;
  std::uint64_t end = 0;  // where the next one begins
  std::uint64_t sequence = 0;
  std::uint64_t size = 0;  // of the payload
  std::uint32_t type = 0;
};

/// The 64-bit sequence of which `low` are the low 32 bits, nearest to `expected`.
constexpr std::uint64_t full_sequence(std::uint32_t low, std::uint64_t expected) {
  const auto difference = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(expected));
  return expected + static_cast<std::uint64_t>(static_cast<std::int64_t>(difference));
}

static_assert(full_sequence(5, (std::uint64_t{1} << 32) + 3) == (std::uint64_t{1} << 32) + 5);
static_assert(full_sequence(0xffffffff, std::uint64_t{1} << 32) == 0xffffffff);

/// Where a seat reads on, and the step over a plain message: inline in every program, so its shape,
/// and that of a record, belong to the library's interface (docs/adr/0021). Whatever else may lie
/// in the ring is Reader's business. A plain value; one thread at a time.
struct Reading {
  const std::byte* data = nullptr;  // the ring, mapped twice in a row
  std::uint64_t mask = 0;           // position to offset
  std::uint64_t grain = 0;          // alignment of records, less 1
  std::uint64_t capacity = 0;
  std::uint64_t position = 0;                  // of the next record
  std::uint64_t sequence = 0;                  // that it should have
  const std::atomic<int>* is_alive = nullptr;  // 0 in a forked child
  int pauses = kFewestPauses;                  // that a batch gets to form
  int most_pauses = 0;
  int density = 0;  // messages less what empty looks stand for: one by one, it stays near 0

  /// The word of what lies here.
  layout::Word look() const noexcept {
    // acquire: pairs with the release of the word (finish_record, Publishing::commit).
    return layout::Word(header().word.load(std::memory_order_acquire));
  }

  /// Whether it is that of a message: committed, no flags, a header at least and a lap at most, so
  /// that it stays inside the doubled mapping. One subtraction, one comparison.
  bool is_plain(layout::Word word) const noexcept {
    using namespace layout;
    constexpr std::uint64_t kLeast = Word(RecordState::committed, kHeaderBytes, 0).bits();
    return (word.bits() & kNoSlot) - kLeast <= capacity - kHeaderBytes;
  }

  const std::byte* payload() const noexcept {
    return data + (position & mask) + layout::kHeaderBytes;
  }

  /// Behind a look that found nothing more, `found` messages after the last such look. Where they
  /// come at full speed it leaves the publisher's cache line alone for a moment, so that a batch
  /// can form, and says true: look again. A reader at the publisher's heels halves the rate of
  /// both.
  bool lets_batch_form(int found) noexcept {
    if (found == 0) {
      // A pause that was for nothing should not soon be made again.
      density = density >= kDense ? density / 2 : density > kEmptyLook ? density - kEmptyLook : 0;
      pauses = kFewestPauses;
      return false;
    }
    density = density + found < kMostDense ? density + found : kMostDense;
    if (density < kDense || most_pauses == 0) return false;
    for (int i = 0; i < pauses; ++i) spin_pause();
    // The farther the other processor's cache, the longer it takes.
    if (found < kSmallBatch && pauses < most_pauses) pauses *= 2;
    if (found > kLargeBatch && pauses > kFewestPauses) pauses /= 2;
    return true;
  }
  /// Who waits by the wait policy lets batches form there.
  void waited() noexcept { density = 0; }

  /// What a plain message was like. The next one is often alike, and a reader that has checked that
  /// knows where the one behind it begins without waiting for its word: it only has to be right.
  struct Like {
    std::uint64_t bits = ~std::uint64_t{0};  // of the word, less the slot; no word has all of these
    std::uint64_t extent = 0;                // to the next record
    std::uint64_t size = 0;                  // of the payload
  };
  static bool is(layout::Word word, const Like& like) noexcept {
    return (word.bits() & kNoSlot) == like.bits;
  }
  Like like(layout::Word plain) const noexcept {
    return {plain.bits() & kNoSlot, (plain.length() + grain) & ~grain,
            plain.length() - layout::kHeaderBytes};
  }
  /// Reads the message here, whose word is like that, and goes on behind it.
  void take(const Like& like, Record& record) noexcept {
    const layout::RecordHeader& at = header();
    record.position = position;
    record.size = like.size;
    record.type = at.type.load(std::memory_order_relaxed);
    const std::uint32_t low = at.sequence.load(std::memory_order_relaxed);
    if (BUSBAR_HARDLY_EVER(low != static_cast<std::uint32_t>(sequence))) {
      sequence = full_sequence(low, sequence);
    }
    record.sequence = sequence++;
    position += like.extent;
    record.end = position;
  }

  /// True if a message begins right here; then `record` is it, and reading goes on behind it.
  bool next(Record& record) noexcept {
    const layout::Word word = look();
    if (!is_plain(word)) [[unlikely]]
      return false;
    take(word, record);
    return true;
  }
  void take(layout::Word word, Record& record) noexcept {
    const layout::RecordHeader& at = header();
    take(word, at.type.load(std::memory_order_relaxed), at.sequence.load(std::memory_order_relaxed),
         record);
  }

  void take(layout::Word word, std::uint32_t type, std::uint32_t low_sequence,
            Record& record) noexcept {
    record.position = position;
    record.size = word.length() - layout::kHeaderBytes;
    record.type = type;
    record.sequence = full_sequence(low_sequence, sequence);
    record.end = position + ((word.length() + grain) & ~grain);
    position = record.end;
    sequence = record.sequence + 1;
  }

 private:
  static constexpr std::uint64_t kNoSlot = (std::uint64_t{1} << 48) - 1;
  static constexpr int kDense = 16;
  static constexpr int kFewestPauses = 16;
  static constexpr int kSmallBatch = 256;
  static constexpr int kLargeBatch = 1024;
  static constexpr int kMostDense = 64;
  static constexpr int kEmptyLook = 4;

  const layout::RecordHeader& header() const noexcept {
    return *reinterpret_cast<const layout::RecordHeader*>(data + (position & mask));
  }
};

}  // namespace busbar::hot
