#pragma once

#include <cstdint>
#include <string>

namespace busbar::soak {

/// What one run is about: `busbar_soak SOCKET NAME=VALUE...`, the names as below.
struct Options {
  std::string socket;
  std::string channel = "soak";
  std::uint32_t publishers = 1;
  std::uint32_t aborting = 0;  // of them: abort every tenth claim and commit less than they claimed
  std::uint32_t reliable = 0;
  std::uint32_t lossy = 0;    // in their seats before the first message
  std::uint32_t joiners = 0;  // lossy; join, leave and join again, at now and at oldest
  std::uint64_t bytes = 0;    // to be sent, all together
  double seconds = 0;         // or: for how long
  std::uint64_t capacity = 64 << 20;
  std::uint64_t smallest = 1;
  std::uint64_t largest = 1 << 20;  // 0: what the channel allows
  std::string fences = "auto";

  /// Whether a message's number is also its place among all messages.
  bool is_simple() const { return publishers == 1 && aborting == 0; }
};

/// Throws busbar::Error on what it does not know.
Options parse_options(int argc, char** argv);

}  // namespace busbar::soak
