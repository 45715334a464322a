// A stream of frames of which a subscriber keeps every hundredth in place for two seconds, as a
// recorder or a slow detector would. Nothing is copied, the publisher steps over what is kept and
// goes on, and what is kept stays as it is.
//
//   busbard &                          a broker, if none is running
//   keep_frames [FRAMES [FPS [MS]]]    default: 1200 frames at 240 a second, kept for 2000 ms;
//                                      FPS 0: as fast as it can. Without and then with keeping
//
// Exit status 0 only if every frame that was kept had its checksum when it was let go.

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Header {  // in front of the pixels
  std::uint64_t number;
  std::uint64_t checksum;
};
constexpr std::size_t kPixelBytes = std::size_t{640} * 480 * 3;
constexpr std::size_t kFrameBytes = sizeof(Header) + kPixelBytes;
constexpr std::uint64_t kEvery = 100;
// A subscriber may hold 8 messages, the one that it is just receiving among them.
constexpr std::size_t kMostKept = 7;

struct Plan {
  std::uint64_t frames = 1200;
  double fps = 240;  // 0: as fast as it can
  std::chrono::milliseconds keep_for = 2000ms;
};

std::uint64_t checksum(const std::byte* pixels) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < kPixelBytes; at += sizeof sum) {
    std::uint64_t word;
    std::memcpy(&word, pixels + at, sizeof word);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15;
  }
  return sum;
}

struct Rate {
  double fps = 0;
  Clock::duration longest_claim{};
};

Rate publish(busbar::Publisher& publisher, const Plan& plan) {
  Rate rate;
  const auto start = Clock::now();
  for (std::uint64_t number = 0; number < plan.frames; ++number) {
    if (plan.fps > 0) {
      std::this_thread::sleep_until(start + number * std::chrono::duration<double>(1 / plan.fps));
    }
    const auto before = Clock::now();
    auto claim = publisher.claim(kFrameBytes);
    if (!claim) throw std::runtime_error("claim: " + std::string(to_string(claim.outcome())));
    rate.longest_claim = std::max(rate.longest_claim, Clock::now() - before);
    // A camera or a decoder would write straight into this memory.
    std::byte* const pixels = claim.data() + sizeof(Header);
    std::memset(pixels, static_cast<int>(number & 0xff), kPixelBytes);
    std::memcpy(pixels, &number, sizeof number);
    const Header header{number, checksum(pixels)};
    std::memcpy(claim.data(), &header, sizeof header);
    claim.commit();
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  rate.fps = static_cast<double>(plan.frames) / took.count();
  return rate;
}

/// The frames that are kept in place, oldest first.
class Album {
 public:
  explicit Album(std::chrono::milliseconds keep_for) : keep_for_(keep_for) {}

  void keep(busbar::Message message) {
    if (kept_.size() == kMostKept) let_go();
    kept_.push_back({std::move(message), Clock::now()});
    ++frames_;
  }
  void let_go_of_old() {
    while (!kept_.empty() && Clock::now() - kept_.front().since >= keep_for_) let_go();
  }
  void let_go_of_all() {
    while (!kept_.empty()) let_go();
  }

  std::uint64_t frames() const { return frames_; }
  std::uint64_t changed() const { return changed_; }

 private:
  struct Kept {
    busbar::Message message;
    Clock::time_point since;
  };

  void let_go() {
    const auto frame = kept_.front().message.payload();
    Header header;
    std::memcpy(&header, frame.data(), sizeof header);
    if (checksum(frame.data() + sizeof header) != header.checksum) ++changed_;
    kept_.pop_front();  // releases the message: its room is free again
  }

  std::chrono::milliseconds keep_for_;
  std::deque<Kept> kept_;
  std::uint64_t frames_ = 0;
  std::uint64_t changed_ = 0;
};

void subscribe(busbar::Subscriber& subscriber, std::uint64_t frames, bool keeping, Album& album) {
  for (std::uint64_t number = 0; number < frames; ++number) {
    auto message = subscriber.receive();
    if (!message || message.payload().size() != kFrameBytes) {
      throw std::runtime_error("receive: " + std::string(to_string(message.outcome())));
    }
    album.let_go_of_old();
    if (keeping && number % kEvery == 0) album.keep(std::move(message));
  }
  album.let_go_of_all();
}

Rate run(busbar::Bus& bus, const Plan& plan, bool keeping, Album& album) {
  auto subscriber = bus.subscriber("kept-frames");
  auto publisher = bus.publisher("kept-frames");
  std::string problem;
  std::thread receiving([&] {
    try {
      subscribe(subscriber, plan.frames, keeping, album);
    } catch (const std::exception& error) {
      problem = error.what();
    }
  });
  Rate rate;
  try {
    rate = publish(publisher, plan);
  } catch (const std::exception&) {
    subscriber.interrupt();
    receiving.join();
    throw;
  }
  receiving.join();
  if (!problem.empty()) throw std::runtime_error(problem);
  return rate;
}

void print(const char* what, const Rate& rate) {
  const std::chrono::duration<double, std::milli> longest = rate.longest_claim;
  std::printf("%s %.1f frames/s, longest claim %.3f ms\n", what, rate.fps, longest.count());
}

int main(int argc, char** argv) try {
  Plan plan;
  if (argc > 1) plan.frames = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) plan.fps = std::atof(argv[2]);
  if (argc > 3) plan.keep_for = std::chrono::milliseconds(std::atoi(argv[3]));

  auto bus = busbar::Bus::connect({.name = "keep_frames"});
  bus.create("kept-frames", {.capacity = 64 << 20, .max_publishers = 1});  // room for seventy
  Album album(plan.keep_for);
  print("each frame let go at once:  ", run(bus, plan, false, album));
  print("every hundredth frame kept: ", run(bus, plan, true, album));
  std::printf("%llu frames were kept, %llu of them changed\n",
              static_cast<unsigned long long>(album.frames()),
              static_cast<unsigned long long>(album.changed()));
  return album.changed() == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "keep_frames: " << error.what() << '\n';
  return 1;
}
