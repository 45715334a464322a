#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/top/bus_sample.hpp"

namespace busbar::cli {

/// A channel, and what has happened on it since the sample before.
struct ChannelActivity {
  ChannelInfo channel;
  // Per second; nothing as long as there is one sample only.
  std::optional<double> messages;
  std::optional<double> bytes;
  std::uint64_t dropped = 0;
  std::uint64_t lost = 0;
  std::uint64_t evicted = 0;
};

/// For each channel of `now`, in its order. `before` may be null: nothing is known to have happened
/// then. A channel that is new, or was made anew, has been empty before.
std::vector<ChannelActivity> activity_since(const BusSample* before, const BusSample& now);

enum class SortKey { rate, bytes, lag, name };

/// The busiest first, by name where they are equal.
void sort(std::vector<ChannelActivity>& channels, SortKey key);

}  // namespace busbar::cli
