#pragma once

#include <cstdint>

#include "common/ring/ring_view.hpp"
#include "common/ring/tail.hpp"

namespace busbar::ring {

/// Takes seats away that lag, on channels that say `evict`. Private to a publisher; used by the one
/// publisher or by the holder of the mutex.
class Evictor {
 public:
  /// Evicts every reliable seat whose cursor keeps a claim from ending at `need`, and says whether
  /// there was one; not where an open claim would keep it from that all the same. The limit has to
  /// be refreshed afterwards. What those seats have pinned stays theirs. `claimed` as in
  /// refresh_limit.
  bool evict_below(const RingView& ring, std::uint64_t need, const Boundary& claimed);

 private:
  bool has_grace(const RingView& ring, std::uint64_t cursor, std::uint64_t end);

  // Whoever has read everything and has yet to step over skips, which may be nearly a lap long,
  // does not lag: it gets block_timeout to do so. All of those are on their way to one place.
  std::uint64_t grace_place_ = ~std::uint64_t{0};
  std::uint32_t grace_since_ms_ = 0;
};

}  // namespace busbar::ring
