#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// Relative to here: installed, they are found in no other way.
#include "../base/crash_point.hpp"
#include "../layout/record.hpp"
#include "expect.hpp"
#include "prefetch.hpp"

namespace busbar::hot {

/// What a claim and a commit of the only publisher of a channel touch, and both of them as far as
/// nothing is in the way: inline in every program, so its shape, and that of a record, belong to
/// the library's interface (docs/adr/0021). All else is SoloClaims' business, which keeps the same
/// numbers. One thread at a time. docs/protocol.md, "Claim, one publisher".
struct Publishing {
  std::byte* data = nullptr;  // the ring, mapped twice in a row
  std::uint64_t mask = 0;     // position to offset
  std::uint64_t grid = 0;     // alignment of records, negative: the bits of a position
  std::uint64_t max_message = 0;
  std::uint64_t usable = 0;   // claims may end here without a look at anything
  std::uint64_t next = 0;     // where the next claim begins
  std::uint64_t claimed = 0;  // end of the contiguous finished prefix, as everybody is told
  // Open claims, but for one that was made here: that is open where `claimed` is not `next`. It
  // stands here so that the two beside it, which each commit changes, are not made into one vector.
  std::uint64_t open = 0;
  std::uint64_t sequence = 0;  // of the record at `claimed`
  struct Shared {
    std::atomic<std::uint64_t> claimed;
    std::atomic<std::uint64_t> sequence;
  };
  Shared* shared = nullptr;
  const std::atomic<std::uint64_t>* call = nullptr;  // not 0: somebody sleeps, or has hailed
  // 0: nothing may be done inline (any more). A forked child's copy has 0 here by itself.
  const std::atomic<int>* is_alive = &kShut;
  void* owner = nullptr;

  /// Where a message of `size` bytes is to be written: a claim begins at `next`, as it was before.
  /// Nothing shows it to others. Null: it can't be done inline.
  std::byte* claim(std::uint64_t size) noexcept {
    using namespace layout;
    const std::uint64_t begin = next;
    const std::uint64_t taken = extent(size);
    if (BUSBAR_HARDLY_EVER(size > max_message || begin + taken + kReserveBytes > usable ||
                           begin != claimed || is_alive->load(std::memory_order_relaxed) == 0)) {
      return nullptr;
    }
    std::byte* const at = data + (begin & mask);
    header(at + taken).word.store(0, std::memory_order_relaxed);  // the terminator
    next = begin + taken;
    return at + kHeaderBytes;
  }

  /// Whether commit() will do for whatever claim is open: claim() has made it, and no other was
  /// made since.
  bool has_one_claim() const noexcept {
    return open == 0 && is_alive->load(std::memory_order_relaxed) != 0;
  }

  /// Of that claim, whole: `size` bytes at `payload`. True if somebody has called: wake_sleepers()
  /// is due.
  bool commit(std::byte* payload, std::uint64_t size, std::uint32_t type) noexcept {
    using namespace layout;
    RecordHeader& record = header(payload - kHeaderBytes);
    const std::uint64_t number = sequence;
    record.type.store(type, std::memory_order_relaxed);
    record.sequence.store(static_cast<std::uint32_t>(number), std::memory_order_relaxed);
    // release: pairs with the reader's acquire of the word (Reading::look).
    record.word.store(Word(RecordState::committed, kHeaderBytes + size, 0).bits(),
                      std::memory_order_release);
    BUSBAR_CRASH_POINT("finish.word");
    const std::uint64_t end = next;
    Shared& everybody = *shared;
    everybody.sequence.store(number + 1, std::memory_order_release);  // behind the word
    BUSBAR_CRASH_POINT("solo.sequence");
    // release: whoever joins at `claimed` finds every word before it.
    everybody.claimed.store(end, std::memory_order_release);
    claimed = end;
    sequence = number + 1;
    if (size >= kLeastFetched && size <= kMostFetched) fetch_next(size);
    // Pair sleep / commit: the sleeper pays (wake_sleepers).
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return call->load(std::memory_order_relaxed) != 0;
  }

  /// From now on everything goes the long way.
  void shut() noexcept { is_alive = &kShut; }

  std::byte* payload(std::uint64_t at) const noexcept {
    return data + (at & mask) + layout::kHeaderBytes;
  }

 private:
  std::uint64_t extent(std::uint64_t size) const noexcept {
    return (size + layout::kHeaderBytes - grid - 1) & grid;
  }
  static constexpr std::atomic<int> kShut{0};

  /// The lines of a next message as large as this one, while nobody waits for them.
  void fetch_next(std::uint64_t size) const noexcept {
    const std::uint64_t room = usable > next ? usable - next : 0;
    const std::uint64_t bytes = size < room ? size : room;
    std::byte* const at = data + (next & mask);
    for (std::uint64_t i = 64; i < bytes; i += 64) prefetch_for_writing(at + i);
  }
  // Below there is nothing to win; above it takes longer than what it saves.
  static constexpr std::uint64_t kLeastFetched = 512;
  static constexpr std::uint64_t kMostFetched = 8192;

  static layout::RecordHeader& header(std::byte* at) noexcept {
    return *reinterpret_cast<layout::RecordHeader*>(at);
  }
};

}  // namespace busbar::hot
