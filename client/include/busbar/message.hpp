#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "busbar/error.hpp"
#include "busbar/outcome.hpp"

namespace busbar {

class SubscriberCore;

namespace detail {

/// By value, so that messages can live in registers. Not for users.
BUSBAR_EXPORT void release(SubscriberCore& core, std::uint8_t hold) noexcept;

}  // namespace detail

/// A received message in place, or the outcome that stands for it.
///
/// Thread safety: may be moved to and destroyed on any thread; used by one at a time.
/// Lifetime: the payload stays as it is while the Message lives (to keep it is to *hold* the
/// message, at most 8 a subscriber); it keeps the mapping alive and may outlive its Subscriber.
/// A reliable subscriber that receives on while it holds stops nobody: publishers step over what is
/// held. The message received last, and nothing received after it, does make them wait in the end.
class BUSBAR_EXPORT Message {
 public:
  Message() noexcept = default;
  Message(Message&& other) noexcept { swap(other); }
  Message& operator=(Message&& other) noexcept {
    if (this != &other) {
      release();
      swap(other);
    }
    return *this;
  }
  [[gnu::always_inline]] ~Message() {
    if (core_ != nullptr) detail::release(*core_, hold_);
  }

  /// True if there is a message.
  explicit operator bool() const noexcept { return outcome_ == Outcome::ok; }
  /// ok; or empty, timeout, overrun, too_many_held, interrupted, evicted, ended, closed.
  Outcome outcome() const noexcept { return outcome_; }

  /// The bytes in the ring, read-only, aligned as the channel says (8 by default).
  std::span<const std::byte> payload() const noexcept { return {data_, size_}; }
  /// The number of its claim on this channel, from 0; gaps are claims that were aborted.
  std::uint64_t sequence() const noexcept { return sequence_; }
  /// The publisher's tag (Claim::set_type).
  std::uint32_t type() const noexcept { return type_; }

  /// Lets go of the message now; payload() is empty and outcome() is empty afterwards.
  void release() noexcept {
    if (core_ != nullptr) detail::release(*std::exchange(core_, nullptr), hold_);
    data_ = nullptr;
    size_ = 0;
    outcome_ = Outcome::empty;
  }

 private:
  friend class Subscriber;
  friend class SubscriberCore;
  explicit Message(Outcome outcome) noexcept : outcome_(outcome) {}
  void swap(Message& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(sequence_, other.sequence_);
    std::swap(type_, other.type_);
    std::swap(hold_, other.hold_);
    std::swap(outcome_, other.outcome_);
  }

  SubscriberCore* core_ = nullptr;  // null: nothing to release
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint32_t type_ = 0;
  std::uint8_t hold_ = 0;  // which of the seat's 8 holds
  Outcome outcome_ = Outcome::empty;
};

}  // namespace busbar
