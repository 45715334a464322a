#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

/// Who reads a channel while its publisher is measured, and what they keep.
struct Keeping {
  std::string socket;
  std::string channel;
  std::size_t size = 64;  // payload bytes
  bool poll = false;      // poll(256) instead of receive()
  std::size_t keep = 0;   // messages that the subscriber keeps at any time
  std::chrono::milliseconds keep_for{10'000};
  bool tap = false;  // a lossy subscriber besides, which keeps its first message and does no more
};

/// What they found, in memory that processes share.
struct Kept {
  std::uint64_t messages = 0;  // received
  std::uint64_t kept = 0;      // and let go of after `keep_for`
  std::uint64_t changed = 0;   // of them: with another checksum than before
  std::uint64_t most_held = 0;
};

/// The reliable subscriber's work until the end of the stream: checks every message, keeps some.
/// `ready` is called when it has its seat.
void keep_and_read(const Keeping& keeping, Kept& kept, void (*ready)(const Keeping&));
/// The lossy one's.
void keep_one(const Keeping& keeping, Kept& kept, void (*ready)(const Keeping&));

}  // namespace bench
