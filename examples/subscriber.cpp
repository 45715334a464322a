// Receives what examples/publisher.cpp publishes, reads it in place and prints it.
//
//   busbard &                 a broker, if none is running
//   subscriber [CHANNEL]      default: temperature; ends with the stream or with Ctrl-C

#include <busbar/busbar.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <optional>

struct Reading {
  std::int64_t taken_ns;
  double celsius;
};

std::optional<busbar::Subscriber> subscriber;

int main(int argc, char** argv) try {
  auto bus = busbar::Bus::connect({.name = "display"});
  subscriber = bus.subscriber(argc > 1 ? argv[1] : "temperature");
  // interrupt() may be called from a signal handler: a waiting receive() returns.
  std::signal(SIGINT, [](int) { subscriber->interrupt(); });
  std::signal(SIGTERM, [](int) { subscriber->interrupt(); });

  for (;;) {
    auto message = subscriber->receive();
    if (!message) {
      std::cerr << "stopped: " << busbar::to_string(message.outcome()) << '\n';
      return message.outcome() == busbar::Outcome::closed ? 1 : 0;
    }
    // The payload is the publisher's memory: check its size before believing it.
    Reading reading;
    if (message.payload().size() != sizeof reading) continue;
    std::memcpy(&reading, message.payload().data(), sizeof reading);

    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto age = std::chrono::nanoseconds(now) - std::chrono::nanoseconds(reading.taken_ns);
    std::cout << message.sequence() << ": " << reading.celsius << " degrees, "
              << std::chrono::duration<double, std::micro>(age).count() << " us old" << std::endl;
  }
} catch (const busbar::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
