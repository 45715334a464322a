#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "busbar/error.hpp"
#include "busbar/outcome.hpp"
#include "common/hot/publishing.hpp"

namespace busbar {

class PublisherCore;

/// What claims do when something is in the way of doing it at once. Not for users. All by value, so
/// that a claim that is done with where it was made lives in registers.
namespace detail {

struct Claimed {
  std::uint64_t position;
  Outcome outcome;
};
BUSBAR_EXPORT Claimed claim_slowly(hot::Publishing* publishing, std::size_t size);
BUSBAR_EXPORT Claimed try_claim_slowly(hot::Publishing* publishing, std::size_t size);
BUSBAR_EXPORT void commit_slowly(hot::Publishing& publishing, std::uint64_t position,
                                 std::size_t size, std::size_t used, std::uint32_t type);
BUSBAR_EXPORT void abort(hot::Publishing& publishing, std::uint64_t position,
                         std::size_t size) noexcept;
BUSBAR_EXPORT void heed_calls(hot::Publishing& publishing);
[[noreturn]] BUSBAR_EXPORT void throw_empty_claim();

}  // namespace detail

/// Room in the ring for one message, or the outcome that stands for it.
///
/// Thread safety: a claim belongs to its publisher: used by one thread at a time together with it.
/// Lifetime: keeps the mapping alive, may outlive its Publisher. Destroyed uncommitted it is
/// aborted: subscribers pass over it. An open claim holds up what was claimed after it; several may
/// be open at once and be committed in any order.
class BUSBAR_EXPORT Claim {
 public:
  Claim() noexcept = default;
  [[gnu::always_inline]] Claim(Claim&& other) noexcept { swap(other); }
  Claim& operator=(Claim&& other) noexcept {
    if (this != &other) {
      abort();
      swap(other);
    }
    return *this;
  }
  // Inline in cold places too: a call there would keep every claim in memory.
  [[gnu::always_inline]] ~Claim() { abort(); }

  /// True if there is room to write into.
  explicit operator bool() const noexcept { return publishing_ != nullptr; }
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
  [[gnu::always_inline]] void commit(std::size_t used) {
    if (BUSBAR_HARDLY_EVER(publishing_ == nullptr)) detail::throw_empty_claim();
    hot::Publishing& publishing = *publishing_;
    if (BUSBAR_HARDLY_EVER(used != size_ || !publishing.has_one_claim())) {
      detail::commit_slowly(publishing, position_, size_, used, type_);
      forget();
      return;
    }
    const bool somebody_calls = publishing.commit(data_, size_, type_);
    forget();
    if (BUSBAR_HARDLY_EVER(somebody_calls)) detail::heed_calls(publishing);
  }

  /// Gives the room back; subscribers pass over it. Nothing happens on an empty claim.
  [[gnu::always_inline]] void abort() noexcept {
    if (publishing_ == nullptr) return;
    detail::abort(*publishing_, position_, size_);
    forget();
  }

 private:
  friend class PublisherCore;
  friend class Publisher;
  explicit Claim(Outcome outcome) noexcept : outcome_(outcome) {}
  [[gnu::always_inline]] Claim(hot::Publishing* publishing, std::byte* data, std::uint64_t position,
                               std::size_t size) noexcept
      : publishing_(publishing),
        data_(data),
        size_(size),
        position_(position),
        outcome_(Outcome::ok) {}
  [[gnu::always_inline]] Claim(hot::Publishing* publishing, const detail::Claimed& claimed,
                               std::size_t size) noexcept
      : outcome_(claimed.outcome) {
    if (outcome_ != Outcome::ok) return;
    publishing_ = publishing;
    data_ = publishing->payload(claimed.position);
    size_ = size;
    position_ = claimed.position;
  }
  [[gnu::always_inline]] void forget() noexcept {
    publishing_ = nullptr;
    data_ = nullptr;
    size_ = 0;
    outcome_ = Outcome::empty;
  }
  [[gnu::always_inline]] void swap(Claim& other) noexcept {
    std::swap(publishing_, other.publishing_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(position_, other.position_);
    std::swap(type_, other.type_);
    std::swap(outcome_, other.outcome_);
  }

  hot::Publishing* publishing_ = nullptr;  // null: nothing to commit
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t type_ = 0;
  Outcome outcome_ = Outcome::empty;
};

}  // namespace busbar
