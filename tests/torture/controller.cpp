#include "tests/torture/controller.hpp"

#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <thread>
#include <utility>

namespace busbar::torture {
namespace {

using namespace std::chrono_literals;

// The broker's own memory.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kMayGrow = 512 << 20;  // it keeps what was freed
#else
constexpr std::uint64_t kMayGrow = 16 << 20;
#endif

struct Plan {
  std::uint32_t max_publishers;
  std::uint64_t capacity;
  std::uint32_t publishers;
  std::uint32_t subscribers;
};

// One publisher; several; several in so small a ring that everybody waits for everybody.
constexpr Plan kPlans[kMostChannels] = {
    {1, 64 << 10, 1, 2}, {8, 64 << 10, 3, 2}, {4, 8 << 10, 2, 2}};

template <typename Done>
bool eventually(Done done) {
  for (const auto give_up = Clock::now() + 20s; Clock::now() < give_up;) {
    if (done()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

Bus connect(const std::string& socket) {
  for (const auto give_up = Clock::now() + 20s;;) {
    try {
      return Bus::connect({.name = "torture", .socket = socket});
    } catch (const Error&) {
      if (Clock::now() > give_up) throw;
    }
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

std::string channel_name(std::uint32_t channel) {
  return "torture-" + std::to_string(channel);
}

Controller::Controller(const Run& run, Broker& broker)
    : run_(run),
      broker_(broker),
      kills_(run.account),
      broker_kills_(run.account),
      hang_(run.options.patience),
      random_(soak::mixed(run.options.seed)) {}

bool Controller::run() {
  create_channels();
  before_ = holdings();
  hire();
  const auto begin = Clock::now();
  bool well = torture() && end_well();
  const std::chrono::duration<double> took = Clock::now() - begin;
  if (well) settle_numbers(run_.account);
  for (Worker& worker : workers_) {
    if (worker.running()) worker.kill();
  }
  well = settle(run_.account, deeds_, took.count()) && well;
  std::printf("after a member's death: %s\n", kills_.text().c_str());
  if (deeds_.brokers_killed > 0) {
    std::printf("after the broker's death: %s\n", broker_kills_.text().c_str());
  }
  std::printf("longest gap of a subscriber: %.1f ms\n",
              static_cast<double>(run_.account.longest_gap_ns) / 1e6);
  well = nothing_is_left() && well;
  std::printf("%s\n", well ? "all is well" : "FAILED");
  return well;
}

void Controller::create_channels() {
  auto bus = connect(run_.socket);
  for (std::uint32_t i = 0; i < kMostChannels; ++i) {
    bus.create(channel_name(i), {.capacity = kPlans[i].capacity,
                                 .block_timeout = 10min,
                                 .max_publishers = kPlans[i].max_publishers,
                                 .max_subscribers = 8,
                                 .segment = run_.options.segment});
  }
}

void Controller::hire() {
  const auto add = [&](std::uint32_t channel, Role role) {
    const auto number = static_cast<std::uint32_t>(workers_.size());
    workers_.emplace_back(run_, Post{number, channel, role});
    if (role != Role::witness) mortals_.push_back(number);
  };
  for (std::uint32_t i = 0; i < kMostChannels; ++i) add(i, Role::witness);
  for (std::uint32_t i = 0; i < kMostChannels; ++i) {
    for (std::uint32_t n = 0; n < kPlans[i].publishers; ++n) add(i, Role::publisher);
    for (std::uint32_t n = 0; n < kPlans[i].subscribers; ++n) add(i, Role::subscriber);
  }
  add(1, Role::lossy);
}

double Controller::random() {
  random_ = soak::mixed(random_);
  return static_cast<double>(random_ >> 11) / 9007199254740992.0;
}

/// At random, so often in a second on average.
Clock::duration Controller::until_next(double rate) {
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(-std::log(1 - random()) / rate));
}

bool Controller::torture() {
  // A witness sees everything: it has its seat before the first message.
  for (Worker& worker : workers_) {
    if (worker.post().role == Role::witness) worker.start();
  }
  if (!await(&Controller::witnesses_joined)) return false;
  for (const std::uint32_t mortal : mortals_) workers_[mortal].start();

  const Options& options = run_.options;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  auto next_member = Clock::now() + 50ms;
  auto next_broker = options.broker_kills > 0 ? Clock::now() + until_next(options.broker_kills)
                                              : Clock::time_point::max();
  while (Clock::now() < end) {
    if (!all_is_well()) return false;
    if (Clock::now() >= next_member) {
      kill_a_member();
      next_member += until_next(options.kills);
    }
    if (Clock::now() >= next_broker) {
      kill_the_broker();
      next_broker = Clock::now() + until_next(options.broker_kills);
    }
    std::this_thread::sleep_until(std::min(next_member, Clock::now() + 1ms));
  }
  return true;
}

void Controller::kill_a_member() {
  Worker& victim =
      workers_[mortals_[static_cast<std::size_t>(random() * static_cast<double>(mortals_.size()))]];
  victim.kill();
  kills_.note(victim.post().channel, workers_);
  ++(victim.is_publisher() ? deeds_.publishers_killed : deeds_.subscribers_killed);
  victim.start();
}

void Controller::kill_the_broker() {
  broker_.kill();
  ++deeds_.brokers_killed;
  for (std::uint32_t i = 0; i < kMostChannels; ++i) broker_kills_.note(i, workers_);
  if (run_.options.supervise) return;
  // Away for a while: members die meanwhile too.
  const auto back = Clock::now() + until_next(20);
  while (Clock::now() < back) {
    kill_a_member();
    std::this_thread::sleep_for(until_next(run_.options.kills));
  }
  broker_.start();
}

bool Controller::all_is_well() {
  kills_.look(workers_);
  broker_kills_.look(workers_);
  if (run_.account.wrongs.sum() > 0) return false;
  if (broker_.has_died()) {
    std::fprintf(stderr, "torture: the broker has died by itself\n");
    return false;
  }
  for (Worker& worker : workers_) {
    bool well = true;
    if (!worker.has_ended(well)) continue;
    if (!well || !run_.account.stopping) {
      std::fprintf(stderr, "torture: worker %u has ended by itself\n", worker.post().worker);
      return false;
    }
  }
  return !hang_.look(workers_, run_.socket);
}

bool Controller::await(bool (Controller::*done)() const) {
  while (!(this->*done)()) {
    if (!all_is_well()) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

bool Controller::witnesses_joined() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.post().role != Role::witness || worker.account().joined;
  });
}
bool Controller::publishers_are_gone() const {
  return std::none_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.is_publisher() && worker.running();
  });
}
bool Controller::all_are_gone() const {
  return std::none_of(workers_.begin(), workers_.end(),
                      [](const Worker& worker) { return worker.running(); });
}

bool Controller::end_well() {
  run_.account.stopping = true;
  if (!await(&Controller::publishers_are_gone)) return false;
  run_.account.publishers_gone = true;
  return await(&Controller::all_are_gone) && all_is_well();
}

Controller::Holdings Controller::holdings() {
  std::uint64_t memory = 0;
  {
    auto bus = connect(run_.socket);
    eventually([&] { return members_are_gone(bus); });
    memory = bus.broker().memory;
  }
  // The connection above is closed here, and there when the broker has seen it.
  std::uint64_t descriptors = broker_.descriptors();
  for (int calm = 0; calm < 20; ++calm) {
    std::this_thread::sleep_for(5ms);
    if (descriptors != std::exchange(descriptors, broker_.descriptors())) calm = 0;
  }
  return {descriptors, broker_.resident_bytes(), memory, broker_.segments().size()};
}

bool Controller::members_are_gone(Bus& bus) {
  for (std::uint32_t i = 0; i < kMostChannels; ++i) {
    const ChannelDetails details = bus.channel(channel_name(i));
    if (!details.publishers.empty() || !details.subscribers.empty() ||
        details.channel.load.held != 0) {
      return false;
    }
  }
  return bus.clients().size() == 1;
}

bool Controller::nothing_is_left() {
  const Holdings after = holdings();
  bool well = after.descriptors <= before_.descriptors && after.memory == before_.memory &&
              after.segments == before_.segments &&
              after.resident_bytes <= before_.resident_bytes + kMayGrow;
  std::printf(
      "broker before and after: %" PRIu64 " and %" PRIu64 " descriptors, %" PRIu64 " and %" PRIu64
      " KiB of its own, %" PRIu64 " and %" PRIu64 " bytes of segments in %zu and %zu files\n",
      before_.descriptors, after.descriptors, before_.resident_bytes / 1024,
      after.resident_bytes / 1024, before_.memory, after.memory, before_.segments, after.segments);
  {
    auto bus = connect(run_.socket);
    if (!members_are_gone(bus)) {
      std::fprintf(stderr, "torture: places of members that are gone are still held\n");
      well = false;
    }
    for (std::uint32_t i = 0; i < kMostChannels; ++i) bus.remove(channel_name(i));
  }
  well = broker_.stop() == 0 && well;
  for (const std::string& segment : broker_.segments()) {
    std::fprintf(stderr, "torture: left: %s\n", segment.c_str());
    well = false;
  }
  return well;
}

}  // namespace busbar::torture
