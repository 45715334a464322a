#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/deadline.hpp"
#include "common/base/outcome.hpp"
#include "common/ring/interrupt.hpp"
#include "common/ring/ring_view.hpp"
#include "common/ring/sequence.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

/// One committed record as a reader sees it.
struct Record {
  std::uint64_t position = 0;
  std::uint64_t end = 0;  // where the next one begins
  std::uint64_t sequence = 0;
  std::uint64_t size = 0;  // of the payload
  std::uint32_t type = 0;
};

/// The walk of one reliable seat over the ring. It polls the records themselves; the seat's cursor
/// is another's business (Holds). One thread at a time.
class Reader {
 public:
  Reader(const RingView& ring, std::uint32_t seat, const Boundary& start)
      : ring_(ring), seat_(seat), at_(start) {}

  /// Steps to the next message and past what carries none. Never waits. Outcomes: ok; empty;
  /// ended (stepped past the end record); closed (no more to come, or bytes that make no sense).
  Outcome next(Record& record) {
    using namespace layout;
    const RecordHeader& header = ring_.record(at_.position);
    // acquire: pairs with the release of the word in finish_record.
    const Word word(header.word.load(std::memory_order_acquire));
    if (word.state() != RecordState::committed || word.flags() != 0 ||
        !ring_.plausible(word.length()) || word.length() < kHeaderBytes) [[unlikely]] {
      return next_slow(record);
    }
    take(header, word, record);
    return Outcome::ok;
  }

  /// Waits until next() has something to say: spins, yields, sleeps. Outcomes: ok, timeout,
  /// interrupted, closed.
  Outcome await(const Deadline& deadline, Interrupt& interrupt);

  std::uint64_t position() const noexcept { return at_.position; }

 private:
  void take(const layout::RecordHeader& header, layout::Word word, Record& record) {
    record.position = at_.position;
    record.size = word.length() - layout::kHeaderBytes;
    record.type = header.type.load(std::memory_order_relaxed);
    record.sequence = full_sequence(header.sequence.load(std::memory_order_relaxed), at_.sequence);
    record.end = at_.position + ring_.extent(word.length());
    at_ = {record.end, record.sequence + 1};
  }
  Outcome next_slow(Record& record);
  bool something_there() const;
  Outcome nothing_there() const;
  Outcome sleep(const Deadline& deadline, Interrupt& interrupt);

  RingView ring_;
  std::uint32_t seat_;
  Boundary at_;  // of the next record, with the sequence that it should have
};

}  // namespace busbar::ring
