#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/layout/ring_control.hpp"

namespace busbar::ring {

/// Positions of a publisher's open claims, in the order of claiming. Mostly there is one.
class OpenClaims {
 public:
  std::size_t size() const noexcept { return count_; }
  /// Its position, or kNoClaim.
  std::uint64_t oldest() const noexcept { return oldest_; }

  /// So that add() does not throw.
  void make_room() { later_.reserve(count_); }
  void add(std::uint64_t position) noexcept {
    if (count_++ == 0) [[likely]] {
      oldest_ = position;
    } else {
      later_.push_back(position);
    }
  }

  void remove(std::uint64_t position) noexcept {
    if (--count_ == 0) [[likely]] {
      oldest_ = layout::kNoClaim;
    } else if (position == oldest_) {
      oldest_ = later_.front();
      later_.erase(later_.begin());
    } else {
      // Not by their order: where a hostile fellow throws the claimed position back, they have
      // none.
      later_.erase(std::find(later_.begin(), later_.end(), position));
    }
  }

 private:
  std::size_t count_ = 0;
  std::uint64_t oldest_ = layout::kNoClaim;
  std::vector<std::uint64_t> later_;
};

}  // namespace busbar::ring
