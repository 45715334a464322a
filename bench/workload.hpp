#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

struct Workload {
  std::string socket;
  std::size_t size = 64;  // payload bytes
  std::uint64_t capacity = 4 << 20;
  std::uint64_t messages = 20'000'000;
  bool poll = false;  // one way: poll instead of receive
};

/// Busy round trip of a message there and one back between two processes: ns, median.
double round_trip(const Workload& workload);

/// Millions of messages a second from one process to another, each filled and checked, one commit
/// a message.
double one_way(const Workload& workload);

}  // namespace bench
