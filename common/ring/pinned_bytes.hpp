#pragma once

#include <cstdint>
#include <vector>

#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// Which bytes of the ring somebody keeps: the pins of all seats, from one look at them. Private to
/// a publisher; allocates at construction only.
class PinnedBytes {
 public:
  explicit PinnedBytes(const RingView& ring);

  /// Reads every pin, as seen by a claim at `position`. A pin that no honest member can have set is
  /// ignored.
  void look(const RingView& ring, std::uint64_t position);

  /// The first place at or behind the position, within one lap, where `bytes` meet nothing pinned;
  /// false if there is none.
  bool find_clear(const RingView& ring, std::uint64_t bytes, std::uint64_t& place) const;

  /// Where the first pinned bytes at or behind `from` begin, or `none`.
  std::uint64_t next_pinned(std::uint64_t from, std::uint64_t none) const;

 private:
  struct Range {
    std::uint64_t begin;  // distance from the position
    std::uint64_t end;
  };
  void add(const RingView& ring, std::uint64_t offset, std::uint64_t bytes);

  std::uint64_t position_ = 0;
  std::vector<Range> ranges_;  // by `begin`; may overlap
};

}  // namespace busbar::ring
