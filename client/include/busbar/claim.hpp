#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "busbar/error.hpp"
#include "busbar/outcome.hpp"

namespace busbar {

class PublisherCore;

/// Room in the ring for one message, or the outcome that stands for it.
///
/// Thread safety: a claim belongs to its publisher: used by one thread at a time together with it.
/// Lifetime: keeps the mapping alive, may outlive its Publisher. Destroyed uncommitted it is
/// aborted: subscribers pass over it. An open claim holds up what was claimed after it; several may
/// be open at once and be committed in any order.
class BUSBAR_EXPORT Claim {
 public:
  Claim() noexcept = default;
  Claim(Claim&& other) noexcept { swap(other); }
  Claim& operator=(Claim&& other) noexcept {
    if (this != &other) {
      abort();
      swap(other);
    }
    return *this;
  }
  ~Claim() {
    if (core_ != nullptr) abort();
  }

  /// True if there is room to write into.
  explicit operator bool() const noexcept { return core_ != nullptr; }
  /// ok; or why there is no room: full, timeout, dropped, interrupted, closed, ended.
  Outcome outcome() const noexcept { return outcome_; }

  /// The room, size() bytes, aligned as the channel says (8 by default). Its bytes are undefined.
  /// It must not be touched after commit.
  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

  /// A tag of the caller's own that subscribers see as Message::type(); 0 if not set.
  void set_type(std::uint32_t type) noexcept { type_ = type; }

  /// Makes the message visible, all of it or the first `used` bytes. Never blocks, no system call
  /// unless a subscriber sleeps. Throws Errc::misuse on an empty claim or used > size(); the claim
  /// then stays as it was.
  void commit() { commit(size_); }
  void commit(std::size_t used);

  /// Gives the room back; subscribers pass over it. Nothing happens on an empty claim.
  void abort() noexcept;

 private:
  friend class PublisherCore;
  friend class Publisher;
  explicit Claim(Outcome outcome) noexcept : outcome_(outcome) {}
  void swap(Claim& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(position_, other.position_);
    std::swap(type_, other.type_);
    std::swap(outcome_, other.outcome_);
  }

  PublisherCore* core_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t type_ = 0;
  Outcome outcome_ = Outcome::empty;
};

}  // namespace busbar
