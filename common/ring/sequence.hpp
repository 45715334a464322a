#pragma once

#include <cstdint>

#include "common/layout/record.hpp"

namespace busbar::ring {

/// The 64-bit sequence of which `low` are the low 32 bits, nearest to `expected`.
constexpr std::uint64_t full_sequence(std::uint32_t low, std::uint64_t expected) {
  const auto difference = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(expected));
  return expected + static_cast<std::uint64_t>(static_cast<std::int64_t>(difference));
}

/// The number that follows a record's, the record being expected to have `expected`.
inline std::uint64_t sequence_behind(const layout::RecordHeader& record, std::uint64_t expected) {
  return full_sequence(record.sequence.load(std::memory_order_relaxed), expected) + 1;
}

static_assert(full_sequence(5, (std::uint64_t{1} << 32) + 3) == (std::uint64_t{1} << 32) + 5);
static_assert(full_sequence(0xffffffff, std::uint64_t{1} << 32) == 0xffffffff);

}  // namespace busbar::ring
