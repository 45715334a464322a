#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// docs/layout.md, "Records".

namespace busbar::layout {

enum class RecordState : std::uint8_t {
  empty = 0,
  claimed = 1,
  committed = 2,
  aborted = 3,
  skip = 4
};

/// Flags of a record.
inline constexpr std::uint64_t kFlagEnd = 1;  // end of stream; no payload

/// The first 8 bytes of a record, one atomic value:
/// bits 0-39 length in bytes (header and payload; a skip: all of it), 40-43 state, 44-47 flags,
/// 48-63 publisher slot.
class Word {
 public:
  constexpr Word() = default;
  constexpr explicit Word(std::uint64_t bits) : bits_(bits) {}
  constexpr Word(RecordState state, std::uint64_t length, std::uint32_t slot,
                 std::uint64_t flags = 0)
      : bits_(length | std::uint64_t(state) << 40 | flags << 44 | std::uint64_t(slot) << 48) {}

  constexpr std::uint64_t bits() const { return bits_; }
  constexpr std::uint64_t length() const { return bits_ & kLengthMask; }
  constexpr RecordState state() const { return RecordState(bits_ >> 40 & 0xf); }
  constexpr std::uint64_t flags() const { return bits_ >> 44 & 0xf; }
  constexpr std::uint32_t slot() const { return std::uint32_t(bits_ >> 48); }

 private:
  static constexpr std::uint64_t kLengthMask = (std::uint64_t{1} << 40) - 1;
  std::uint64_t bits_ = 0;
};

/// Whether a record that is not empty has a number of its own; whether it is a message.
constexpr bool takes_number(Word word) {
  return word.state() != RecordState::skip;
}
constexpr bool is_message(Word word) {
  return word.state() == RecordState::committed && (word.flags() & kFlagEnd) == 0;
}

struct RecordHeader {
  std::atomic<std::uint64_t> word;
  std::atomic<std::uint32_t> type;
  std::atomic<std::uint32_t> sequence;  // low 32 bits of the 64-bit sequence
};

inline constexpr std::uint64_t kHeaderBytes = sizeof(RecordHeader);
/// Free bytes behind every claim: the terminator, and what keeps a header off pinned records.
inline constexpr std::uint64_t kReserveBytes = 16;

static_assert(sizeof(RecordHeader) == 16,
              "another size moves every payload: members of two builds read each other's headers");
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
                  sizeof(std::atomic<std::uint64_t>) == 8,
              "a lock inside the atomic would be private to one process: torn words");
static_assert(offsetof(RecordHeader, word) == 0,
              "a skip and a terminator are only this word: elsewhere they would hit payload");
static_assert(offsetof(RecordHeader, type) == 8 && offsetof(RecordHeader, sequence) == 12,
              "a reader of another build would take the type for the sequence: holes reported");

}  // namespace busbar::layout
