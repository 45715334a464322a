#pragma once

#include "control.hpp"

namespace compare {

/// Round trips of one cache line between two processes on two cores, each timed singly: about
/// 10 ms. Tells how near to each other the cores are at this moment.
TripTimes cache_line_round_trip();

}  // namespace compare
