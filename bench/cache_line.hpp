#pragma once

namespace bench {

/// Round trip of one cache line between cores 0 and 1, in ns: the median of means over 64 trips, as
/// round_trip() is timed. Below about 180 the cores share a cache ("near"), above 250 they do not.
double cache_line_round_trip();

}  // namespace bench
