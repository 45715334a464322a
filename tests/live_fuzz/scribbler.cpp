#include "tests/live_fuzz/scribbler.hpp"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "common/shm/mapping.hpp"
#include "tests/support/raw_client.hpp"

namespace busbar::live_fuzz {
namespace {

/// One segment, word by word.
class Target {
 public:
  explicit Target(int fd)
      : mapping_(shm::Mapping::plain(fd, shm::segment_size(fd), shm::Access::read_write)),
        good_(words(), words() + size()) {}

  void overwrite(std::mt19937_64& random) {
    const std::uint64_t from = place(random);
    // One word, some of them, or all there is.
    const std::uint64_t lengths[] = {1, 1, 1, 8, 64, size()};
    const std::uint64_t end = std::min(size(), from + lengths[random() % 6]);
    for (std::uint64_t i = random() % 6 == 0 ? 0 : from; i < end; ++i) store(i, any(random, i));
  }
  /// As it was at the beginning: so that somebody gets as far as the next overwriting.
  void mend() {
    for (std::uint64_t i = 0; i < size(); ++i) store(i, good_[i]);
  }

 private:
  std::uint64_t* words() const { return reinterpret_cast<std::uint64_t*>(mapping_.data()); }
  std::uint64_t size() const { return mapping_.bytes() / 8; }
  void store(std::uint64_t i, std::uint64_t value) {
    std::atomic_ref<std::uint64_t>(words()[i]).store(value, std::memory_order_relaxed);
  }
  /// Mostly where the controls are.
  std::uint64_t place(std::mt19937_64& random) const {
    const std::uint64_t span = random() % 3 == 0 ? size() : std::min<std::uint64_t>(size(), 2048);
    return random() % span;
  }
  std::uint64_t any(std::mt19937_64& random, std::uint64_t i) const {
    const std::uint64_t now = words()[i];
    switch (random() % 10) {
      case 0:
        return 0;
      case 1:
        return ~std::uint64_t{0} - random() % 64;
      case 2:
        return std::uint64_t{1} << random() % 64;
      case 3:
        return now ^ std::uint64_t{1} << random() % 64;
      case 4:
        return now + random() % 128 - 64;
      case 5:
        return words()[random() % size()];
      case 6:  // a record's word
        return (random() % 6) << 40 | (random() % 4) << 44 | random() % 5000;
      case 7:
        return random() % 65536 / 8 * 8;
      case 8:
        return good_[i];
      default:
        return random();
    }
  }

  shm::Mapping mapping_;
  std::vector<std::uint64_t> good_;
};

void pause_for(std::uint64_t microseconds) {
  const timespec time{0, static_cast<long>(microseconds * 1000)};
  ::nanosleep(&time, nullptr);
}

}  // namespace

void scribble(const std::string& socket, const std::string& channel, control::Role role,
              std::uint64_t seed, Shared& shared, std::atomic<std::uint64_t>& steps) {
  test::RawClient client(socket, "scribbler");
  const auto answer = client.ask(control::Open{channel, role});
  if (answer.descriptors.size() != 2) return;  // it is full, or just being removed
  std::vector<Target> targets;
  if (role == control::Role::publisher) targets.emplace_back(answer.descriptors[0].get());
  targets.emplace_back(answer.descriptors[1].get());
  std::mt19937_64 random(seed);
  while (!shared.stopping.load()) {
    Target& target = targets[random() % targets.size()];
    if (random() % 16 == 0) {
      target.mend();
    } else {
      target.overwrite(random);
    }
    shared.scribbles.fetch_add(1, std::memory_order_relaxed);
    steps.fetch_add(1, std::memory_order_relaxed);
    if (random() % 4 == 0) pause_for(random() % 2000);
  }
}

}  // namespace busbar::live_fuzz
