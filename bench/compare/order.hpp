#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "control.hpp"
#include "payload.hpp"

namespace compare {

/// A reader's account: every message whole, once and in its source's order.
class Order {
 public:
  Order(Tally& tally, Shape shape, std::size_t sources)
      : tally_(tally), shape_(shape), next_(sources, 0), sources_left_(sources) {}

  void take(const void* message) {
    Stamp stamp;
    if (!check(message, shape_, stamp) || stamp.source >= next_.size()) {
      tally_.wrong.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (stamp.number == Stamp::kEnd) {
      --sources_left_;
      return;
    }
    std::uint64_t& next = next_[stamp.source];
    if (stamp.number != next) [[unlikely]]
      note_gap(tally_, stamp.number, next);
    next = stamp.number + 1;
  }
  bool at_end() const { return sources_left_ == 0; }
  std::size_t sources_left() const { return sources_left_; }
  /// Those that were seen, whatever a peer says that it has shown.
  std::uint64_t messages() const {
    return std::accumulate(next_.begin(), next_.end(), std::uint64_t{0});
  }

 private:
  static void note_gap(Tally& tally, std::uint64_t number, std::uint64_t next) {
    if (number > next) {
      tally.lost.fetch_add(number - next, std::memory_order_relaxed);
    } else {
      tally.repeated.fetch_add(next - number, std::memory_order_relaxed);
    }
  }

  Tally& tally_;
  const Shape shape_;
  std::vector<std::uint64_t> next_;
  std::size_t sources_left_;
};

}  // namespace compare
