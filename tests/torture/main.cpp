// busbar_torture BUSBARD NAME=VALUE... (options.hpp): publishers and subscribers, and the broker if
// asked for, are killed at random moments and replaced, and every message is accounted for. Prints
// the account; 0 if nothing was lost, changed, repeated, reordered, leaked or left hanging.
#include <cstdio>
#include <exception>

#include "tests/torture/controller.hpp"
#include "tests/torture/letter.hpp"

int main(int argc, char** argv) {
  using namespace busbar::torture;
  try {
    const Options options = parse_options(argc, argv);
    const busbar::soak::Traffic traffic(kSmallest, kLargest);
    Broker broker(options);
    const Run run{options, traffic, broker.socket(), new_account()};
    return Controller(run, broker).run() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "torture: %s\n", error.what());
    return 1;
  }
}
