// busbar-hot-path SOCKET PATH LAPS: walks one path of the installed API, one thread, always the
// same way, so that its instructions can be counted. Without arguments it names the paths.
// scripts/instructions.py runs it under callgrind, which collects inside busbar_counted() alone.
#include <busbar/busbar.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr std::size_t kSize = 48;  // with its header a record of 64 bytes
constexpr std::uint64_t kCapacity = 64 << 10;
constexpr int kBatch = 256;
constexpr int kBatchesPerLap = kCapacity / 64 / kBatch;

constexpr int kSkipped = 77;  // exit status

struct FullFences : std::runtime_error {
  FullFences() : runtime_error("channels have full fences here: that is another path") {}
};

struct Stage {
  busbar::Bus bus;
  busbar::Publisher publisher;
  std::optional<busbar::Subscriber> subscriber = {};
};

using Step = void (*)(Stage&);

/// Each step passes kBatch messages.
struct Path {
  std::string_view name;
  std::uint32_t max_publishers;
  std::optional<busbar::SubscriberOptions> subscriber;  // none: nobody reads
  Step before;
  Step counted;
};

void require(bool ok) {
  if (!ok) [[unlikely]]
    throw std::runtime_error("a message did not get through");
}

void nothing(Stage&) {}

void claim_commit(Stage& stage) {
  for (std::uint64_t n = 0; n < kBatch; ++n) {
    auto claim = stage.publisher.claim(kSize);
    require(bool(claim));
    for (std::size_t i = 0; i < kSize; i += 8) std::memcpy(claim.data() + i, &n, 8);
    claim.commit();
  }
}

void try_publish(Stage& stage) {
  const std::byte message[kSize] = {};
  for (int n = 0; n < kBatch; ++n) {
    require(stage.publisher.try_publish(message) == busbar::Outcome::ok);
  }
}

void receive(Stage& stage) {
  for (int n = 0; n < kBatch; ++n) require(stage.subscriber->receive().payload().size() == kSize);
}

void poll(Stage& stage) {
  std::size_t bytes = 0;
  stage.subscriber->poll([&](const busbar::Message& m) { bytes += m.payload().size(); }, kBatch);
  require(bytes == kBatch * kSize);
}

constexpr busbar::SubscriberOptions kReliable = {};
constexpr busbar::SubscriberOptions kLossy = {.delivery = busbar::Delivery::lossy};

constexpr Path kPaths[] = {
    {"claim_commit", 1, {}, nothing, claim_commit},
    {"claim_commit_several", 4, {}, nothing, claim_commit},
    {"try_publish", 1, {}, nothing, try_publish},
    {"try_publish_several", 4, {}, nothing, try_publish},
    {"receive", 1, kReliable, claim_commit, receive},
    {"poll", 1, kReliable, claim_commit, poll},
    {"receive_lossy", 1, kLossy, claim_commit, receive},
    {"poll_lossy", 1, kLossy, claim_commit, poll},
};

const Path& path_named(std::string_view name) {
  for (const Path& path : kPaths) {
    if (path.name == name) return path;
  }
  throw std::runtime_error("no path \"" + std::string(name) + "\"");
}

Stage set(const Path& path, const std::string& socket) {
  const std::string channel = "hot-path-" + std::string(path.name);
  auto bus = busbar::Bus::connect({.name = "hot-path", .socket = socket});
  bus.create(channel, {.capacity = kCapacity, .max_publishers = path.max_publishers});
  if (bus.channel(channel).channel.fences != "membarrier") throw FullFences();
  auto publisher = bus.publisher(channel);
  Stage stage{.bus = std::move(bus), .publisher = std::move(publisher)};
  if (path.subscriber) stage.subscriber.emplace(stage.bus.subscriber(channel, *path.subscriber));
  return stage;
}

}  // namespace

/// What callgrind is told to collect. It must stay a function of this name, and be returned to.
extern "C" [[gnu::noipa]] void busbar_counted(Step step, Stage& stage) {
  step(stage);
  asm volatile("" ::: "memory");
}

namespace {

void walk(const Path& path, const std::string& socket, int laps) {
  Stage stage = set(path, socket);
  for (int n = 0; n < kBatchesPerLap; ++n) {  // what happens once: symbols, the first pages
    path.before(stage);
    path.counted(stage);
  }
  for (int n = 0; n < laps * kBatchesPerLap; ++n) {
    path.before(stage);
    busbar_counted(path.counted, stage);
  }
  std::printf("%d\n", laps * kBatchesPerLap * kBatch);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for (const Path& path : kPaths) std::printf("%s\n", path.name.data());
    return 0;
  }
  if (argc != 4) {
    std::fprintf(stderr, "usage: busbar-hot-path SOCKET PATH LAPS\n");
    return 2;
  }
  try {
    walk(path_named(argv[2]), argv[1], std::atoi(argv[3]));
  } catch (const FullFences& error) {
    std::fprintf(stderr, "busbar-hot-path: %s\n", error.what());
    return kSkipped;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busbar-hot-path: %s\n", error.what());
    return 1;
  }
}
