#pragma once

#include <cstdint>

#include "common/hot/reading.hpp"
#include "common/layout/record.hpp"

namespace busbar::ring {

/// The number that follows a record's, the record being expected to have `expected`.
inline std::uint64_t sequence_behind(const layout::RecordHeader& record, std::uint64_t expected) {
  return hot::full_sequence(record.sequence.load(std::memory_order_relaxed), expected) + 1;
}

}  // namespace busbar::ring
