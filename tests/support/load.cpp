#include "tests/support/load.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::test {

struct Load::Shared {
  std::atomic<std::uint64_t> steady{0}, restless{0}, longest_us{0};
};

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

void* shared_page() {
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::runtime_error("mmap");
  return page;
}

Bus connect(const std::string& socket, const char* name) {
  return Bus::connect({.name = name, .socket = socket, .timeout = kPatience});
}

}  // namespace

Load::Load(const std::string& socket)
    : shared_(new (shared_page()) Shared),
      steady_([=, this] {
        Bus bus = connect(socket, "steady");
        Publisher publisher = bus.publisher("steady");
        Subscriber subscriber = bus.subscriber("steady");
        for (;;) {
          if (publisher.publish(std::vector<std::byte>(100)) != Outcome::ok ||
              !subscriber.receive(kPatience)) {
            throw std::runtime_error("a message was lost");
          }
          const auto began = Clock::now();
          bus.broker();
          const auto took = std::chrono::ceil<std::chrono::microseconds>(Clock::now() - began);
          shared_->longest_us =
              std::max(shared_->longest_us.load(), static_cast<std::uint64_t>(took.count()));
          ++shared_->steady;
          std::this_thread::sleep_for(1ms);  // or it would be a flood itself
        }
      }),
      restless_([=, this] {
        Bus bus = connect(socket, "restless");
        for (int i = 0;; i = (i + 1) % 8) {
          const std::string channel = "restless-" + std::to_string(i);
          bus.publisher(channel);
          bus.subscriber(channel);
          bus.remove(channel);
          ++shared_->restless;
          std::this_thread::sleep_for(1ms);
        }
      }) {}

Load::~Load() {
  ::munmap(shared_, 4096);
}

bool Load::goes_on(std::uint64_t rounds) const {
  const std::uint64_t steady = shared_->steady + rounds;
  const std::uint64_t restless = shared_->restless + rounds;
  return eventually([&] { return shared_->steady >= steady && shared_->restless >= restless; });
}

std::uint64_t Load::longest_us() const {
  return shared_->longest_us;
}

}  // namespace busbar::test
