#pragma once

#include <cstdint>
#include <string>

namespace busbar::torture {

/// What one run is about: `busbar_torture BUSBARD NAME=VALUE...`, the names as below.
struct Options {
  std::string busbard;
  double seconds = 10;
  double kills = 100;       // of members, a second
  double broker_kills = 0;  // of the broker, a second
  std::uint64_t seed = 1;   // of what is done when; who runs when is the machine's matter
  std::string segment = "auto";
  bool supervise = false;  // busbard --supervise
  double patience = 20;    // seconds without a message until it counts as a hang
};

/// Throws busbar::Error on what it does not know.
Options parse_options(int argc, char** argv);

}  // namespace busbar::torture
