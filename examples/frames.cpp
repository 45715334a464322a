// A stream of 1920x1080 RGB frames, drawn in the ring and read in the ring: nothing is copied.
//
//   busbard &                 a broker, if none is running
//   frames subscribe          checks every pixel; prints frames/s and latency once a second
//   frames publish [FPS]      in another terminal; 60 frames a second by default; Ctrl-C ends

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Header {  // in front of the pixels
  std::uint64_t number;
  Clock::duration published;
};
constexpr std::size_t kPixelBytes = std::size_t{1920} * 1080 * 3;
constexpr std::size_t kFrameBytes = sizeof(Header) + kPixelBytes;

volatile std::sig_atomic_t stopping = 0;

void publish(busbar::Publisher publisher, double fps) {
  const auto start = Clock::now();
  for (std::uint64_t number = 0; stopping == 0; ++number) {
    std::this_thread::sleep_until(start + number * std::chrono::duration<double>(1 / fps));
    auto claim = publisher.claim(kFrameBytes);
    if (!claim) throw std::runtime_error(std::string(to_string(claim.outcome())));
    // A camera or a decoder would write straight into this memory.
    std::memset(claim.data() + sizeof(Header), static_cast<int>(number & 0xff), kPixelBytes);
    const Header header{number, Clock::now().time_since_epoch()};
    std::memcpy(claim.data(), &header, sizeof header);
    claim.commit();
  }
  publisher.end();
}

void subscribe(busbar::Subscriber subscriber) {
  std::uint64_t frames = 0;
  Clock::duration worst{};
  auto second = Clock::now();
  while (stopping == 0) {
    auto message = subscriber.receive(100ms);
    if (message.outcome() == busbar::Outcome::ended) break;
    if (!message) continue;
    const auto frame = message.payload();
    if (frame.size() != kFrameBytes) throw std::runtime_error("not a frame");
    Header header;
    std::memcpy(&header, frame.data(), sizeof header);
    worst = std::max(worst, Clock::now().time_since_epoch() - header.published);
    const auto colour = static_cast<std::byte>(header.number & 0xff);
    if (std::ranges::count(frame.subspan(sizeof header), colour) != std::ptrdiff_t{kPixelBytes})
      throw std::runtime_error("frame " + std::to_string(header.number) + " is damaged");
    ++frames;
    if (Clock::now() - second < 1s) continue;
    std::cout << frames << " frames/s, latency at most " << worst / 1us << " us" << std::endl;
    frames = 0, worst = {}, second = Clock::now();
  }
}

int main(int argc, char** argv) try {
  std::signal(SIGINT, [](int) { stopping = 1; });
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role != "publish" && role != "subscribe") throw std::runtime_error("publish or subscribe?");
  auto bus = busbar::Bus::connect({.name = "frames"});
  bus.create("frames", {.capacity = 64 << 20, .max_publishers = 1});  // room for ten
  if (role == "publish") publish(bus.publisher("frames"), argc > 2 ? std::atof(argv[2]) : 60);
  if (role == "subscribe") subscribe(bus.subscriber("frames"));
} catch (const std::exception& error) {
  std::cerr << "frames: " << error.what() << '\n';
  return 1;
}
