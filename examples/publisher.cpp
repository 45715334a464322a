// Publishes a reading ten times a second, written in place.
//
//   busbard &                 a broker, if none is running
//   publisher [CHANNEL]       default: temperature; Ctrl-C ends the stream

#include <busbar/busbar.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <new>
#include <thread>

using namespace std::chrono_literals;

// What both sides agree on. Plain bytes: no pointers, no std::string.
struct Reading {
  std::int64_t taken_ns;  // steady clock
  double celsius;
};

volatile std::sig_atomic_t stopping = 0;

int main(int argc, char** argv) try {
  std::signal(SIGINT, [](int) { stopping = 1; });
  std::signal(SIGTERM, [](int) { stopping = 1; });

  auto bus = busbar::Bus::connect({.name = "thermometer"});
  auto publisher = bus.publisher(argc > 1 ? argv[1] : "temperature");

  for (int step = 0; stopping == 0; ++step) {
    auto claim = publisher.claim(sizeof(Reading));
    if (claim) {
      const auto now = std::chrono::steady_clock::now().time_since_epoch();
      new (claim.data()) Reading{std::chrono::nanoseconds(now).count(), 20 + std::sin(step / 10.0)};
      claim.commit();
    } else if (claim.outcome() == busbar::Outcome::closed) {
      std::cerr << "the channel was removed\n";
      return 1;
    } else {
      // For example timeout: a subscriber has stopped reading and the ring is full.
      std::cerr << "reading " << step << " not sent: " << busbar::to_string(claim.outcome())
                << '\n';
    }
    std::this_thread::sleep_for(100ms);
  }
  publisher.end();  // subscribers get Outcome::ended behind the last reading
} catch (const busbar::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
