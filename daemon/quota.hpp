#pragma once

#include <cstdint>
#include <optional>
#include <utility>

namespace busbar::daemon {

/// Bytes of shared memory that channels may take together. Main thread only; outlives its charges.
class Quota {
 public:
  /// Bytes taken out of a quota; destruction gives them back. Move-only.
  class Charge {
   public:
    Charge() noexcept = default;
    Charge(Charge&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)), bytes_(other.bytes_) {}
    Charge& operator=(Charge&& other) noexcept;
    ~Charge() { refund(); }

    std::uint64_t bytes() const noexcept { return quota_ == nullptr ? 0 : bytes_; }

   private:
    friend class Quota;
    Charge(Quota* quota, std::uint64_t bytes) noexcept : quota_(quota), bytes_(bytes) {}
    void refund() noexcept;

    Quota* quota_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  explicit Quota(std::uint64_t limit) noexcept : limit_(limit) {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  /// Nothing if more than what is left is asked for.
  std::optional<Charge> charge(std::uint64_t bytes) noexcept;

  /// Whatever the limit is: what is there already.
  Charge take(std::uint64_t bytes) noexcept;

  std::uint64_t limit() const noexcept { return limit_; }
  std::uint64_t used() const noexcept { return used_; }
  std::uint64_t left() const noexcept { return used_ < limit_ ? limit_ - used_ : 0; }
  /// What is taken stays so, also beyond the limit.
  void set_limit(std::uint64_t limit) noexcept { limit_ = limit; }

 private:
  std::uint64_t limit_;
  std::uint64_t used_ = 0;
};

}  // namespace busbar::daemon
