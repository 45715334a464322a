// busbar_soak SOCKET NAME=VALUE... (options.hpp): publishers send, reliable subscribers get all of
// it, lossy ones know exactly what they missed, and all check every byte. Prints the account; 0 if
// all is well.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <vector>

#include "tests/soak/roles.hpp"

namespace {

using namespace busbar;
using namespace busbar::soak;

/// The processes of a run. One that fails takes the others with it.
class Processes {
 public:
  void start(std::uint32_t count, const std::function<void(std::uint32_t)>& work) {
    for (std::uint32_t i = 0; i < count; ++i) running_.push_back(fork_for([&] { work(i); }));
  }
  std::size_t count() const { return running_.size(); }

  /// Waits until all have ended, or enough() is true. False: one has failed.
  bool wait(const std::function<bool()>& enough) {
    while (!running_.empty() && !enough()) {
      if (!look()) return false;
      ::usleep(1000);
    }
    return true;
  }
  /// Takes those away that have ended. False if one has failed.
  bool look() {
    bool good = true;
    std::erase_if(running_, [&](pid_t child) {
      int status = 0;
      if (::waitpid(child, &status, WNOHANG) == 0) return false;
      good = good && status == 0;
      return true;
    });
    return good;
  }
  void kill() {
    for (const pid_t child : running_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
    running_.clear();
  }

 private:
  static pid_t fork_for(const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    int status = 0;
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "soak: %s\n", error.what());
      status = 1;
    }
    ::_exit(status);
  }

  std::vector<pid_t> running_;
};

ChannelOptions channel_options(const Options& options) {
  return {.capacity = options.capacity,
          .block_timeout = std::chrono::minutes(10),
          .max_publishers = options.publishers,
          .fences = options.fences};
}

bool go_through(const Run& run, Processes& publishers, Processes& subscribers) {
  const Options& options = run.options;
  subscribers.start(options.reliable, [&](std::uint32_t i) { subscribe(run, i); });
  subscribers.start(options.lossy, [&](std::uint32_t i) { look_on(run, i); });
  subscribers.start(options.joiners, [&](std::uint32_t i) { come_and_go(run, i); });
  const auto are_ready = [&](std::size_t count) {
    return [&, count] { return run.account.ready.load() == count; };
  };
  // Every seat before the first message: oldest, too, is the beginning.
  if (!subscribers.wait(are_ready(subscribers.count()))) return false;
  publishers.start(options.publishers, [&](std::uint32_t i) { publish(run, i); });
  if (!publishers.wait(are_ready(subscribers.count() + publishers.count()))) return false;
  run.account.go = true;
  if (!publishers.wait([&] { return !subscribers.look(); }) || publishers.count() > 0) return false;
  run.account.finished = true;
  return subscribers.wait([] { return false; });
}

int run(int argc, char** argv) {
  Options options = parse_options(argc, argv);
  auto bus = Bus::connect({.name = "soak", .socket = options.socket});
  const ChannelInfo channel = bus.create(options.channel, channel_options(options));
  if (options.largest == 0) options.largest = channel.max_message;
  const Traffic traffic(options.smallest, options.largest);
  Account& account = new_account();
  Processes publishers;
  Processes subscribers;
  const auto begin = std::chrono::steady_clock::now();
  const bool good = go_through({options, traffic, account}, publishers, subscribers);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  publishers.kill();
  subscribers.kill();
  const std::uint64_t bytes = bus.channel(options.channel).channel.claimed;
  return settle(account, options, took.count(), bytes / channel.capacity) && good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 1;
  }
}
