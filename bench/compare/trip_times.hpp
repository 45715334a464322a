#pragma once

#include <cstdint>
#include <vector>

#include "control.hpp"

namespace compare {

/// Of trips in ticks, `tick` ns each. Sorts them.
TripTimes trip_times(std::vector<std::uint32_t>& trips, double tick);

}  // namespace compare
