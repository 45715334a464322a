#include "common/ring/gaps.hpp"

namespace busbar::ring {
namespace {

using namespace layout;

// 64 regions of half a stride are four laps: a bit that is set never stands for two regions that
// are both in use.
constexpr std::uint64_t kRegions = 64;

std::uint64_t region(const RingView& ring, std::uint64_t position) {
  return position / (stride(ring.capacity) / 2);
}

/// The bits of regions first to last - 1.
std::uint64_t bits(std::uint64_t first, std::uint64_t last) {
  if (last <= first) return 0;
  if (last - first >= kRegions) return ~std::uint64_t{0};
  std::uint64_t set = 0;
  for (std::uint64_t i = first; i < last; ++i) set |= std::uint64_t{1} << (i % kRegions);
  return set;
}

}  // namespace

void mark_gap(const RingView& ring, std::uint64_t position) {
  const std::uint64_t region_index = region(ring, position);
  const std::uint64_t bit = bits(region_index, region_index + 1);
  std::atomic<std::uint64_t>& gaps = ring.control->checkpoints.gaps;
  if ((gaps.load(std::memory_order_relaxed) & bit) == 0) {
    gaps.fetch_or(bit, std::memory_order_relaxed);
  }
}

bool may_have_gaps(const RingView& ring, std::uint64_t from, std::uint64_t to) {
  if (to <= from) return false;
  const std::uint64_t set = ring.control->checkpoints.gaps.load(std::memory_order_acquire);
  return (set & bits(region(ring, from), region(ring, to - 1) + 1)) != 0;
}

void clear_gaps(const RingView& ring, std::uint64_t from, std::uint64_t to) {
  const std::uint64_t clear = bits(region(ring, from), region(ring, to));
  std::atomic<std::uint64_t>& gaps = ring.control->checkpoints.gaps;
  // release: who finds a bit cleared finds the tail that was stored before (counted_now).
  if ((gaps.load(std::memory_order_relaxed) & clear) != 0) {
    gaps.fetch_and(~clear, std::memory_order_release);
  }
}

}  // namespace busbar::ring
