#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "payload.hpp"

namespace compare {

/// How somebody waits who finds nothing, or no room.
enum class Wait : std::uint8_t {
  busy,   ///< tries again and again
  yield,  ///< tries some times, then yields the core between tries
  block,  ///< in the peer's own call that waits, as it does by default
};

enum class Test : std::uint8_t {
  one_way,     ///< writers send as fast as they can, readers read everything
  round_trip,  ///< one message there and one back, each trip timed singly
  idle,        ///< everybody is connected, readers wait, nothing is sent
};

/// One sample to take, from the command line: `TEST key=value...`.
struct Plan {
  Test test = Test::one_way;
  Wait wait = Wait::busy;
  std::size_t size = 64;             // bytes of a message, a multiple of 8
  std::uint64_t capacity = 4 << 20;  // bytes in flight, for peers that let one choose
  int writers = 1;
  int readers = 1;
  int channels = 1;        // one way: each writer takes turns, each reader reads all
  int batch = 256;         // messages that a bare ring publishes at once
  bool single = false;     // Busbar: receive() for each message instead of poll()
  bool prefault = false;   // Busbar: the ring's pages are there before the first message
  bool untouched = false;  // only the first word is written and read
  bool pin = true;
  bool calls = false;  // count system calls; slows whoever makes any
  double warm_up = 0.1;
  double seconds = 0.3;
  int probes = 2;      // of the cache line, before and after; 0: none
  std::string daemon;  // the peer's daemon; empty: where it was built or is installed
  std::string fault;   // only for the program that shows that faults are found

  /// Throws std::invalid_argument naming what it does not know.
  static Plan parse(int argc, char** argv);

  Shape shape() const { return {size, untouched}; }
  bool blocks() const { return wait == Wait::block; }
  /// Slots of a queue that counts messages: a power of two, at least 8.
  std::size_t slots() const;
};

const char* to_string(Wait wait);
const char* to_string(Test test);

}  // namespace compare
