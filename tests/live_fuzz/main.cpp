// busbar_live_fuzz BUSBARD NAME=VALUE... (tests/torture/options.hpp: seconds, seed, patience):
// members of live channels overwrite what they may write, over and over. Honest members of these
// channels get anything but a fault or a wait without end, another channel is exact, and the broker
// answers. 0 if so.
#include <cstdio>
#include <exception>

#include "tests/live_fuzz/stage.hpp"

int main(int argc, char** argv) {
  try {
    const busbar::torture::Options options = busbar::torture::parse_options(argc, argv);
    busbar::torture::Broker broker(options);
    return busbar::live_fuzz::Stage(options, broker).run() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "live fuzz: %s\n", error.what());
    return 1;
  }
}
