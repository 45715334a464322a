// busbar-recovery BUSBARD [KILLS]: how long a channel of several publishers takes from the kill -9
// of one of them until every subscriber has received the next message. Another one publishes all
// the while, every 50 us or so; two subscribers wait for it. Each victim holds a claim, which
// nothing passes before it is mended, or is killed anywhere in a loop of claims.
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <busbar/busbar.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "child.hpp"
#include "private_broker.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kChannel = "recovery";
constexpr std::uint32_t kSubscribers = 2;
constexpr std::uint32_t kPublishers = 64;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

struct Shared {
  std::atomic<std::uint32_t> ready;
  std::atomic<std::uint64_t> killed_at_ns;
  std::atomic<std::uint64_t> received_at_ns[kSubscribers];  // of what was written after it
};

/// A message is the time at which it was written.
void publish(const std::string& socket, Shared& shared) {
  auto bus = busbar::Bus::connect({.name = "publisher", .socket = socket});
  auto publisher = bus.publisher(kChannel);
  ++shared.ready;
  for (;;) {
    auto claim = publisher.claim(sizeof(std::uint64_t));
    if (!claim) throw std::runtime_error("claim: " + std::string(to_string(claim.outcome())));
    const std::uint64_t now = now_ns();
    std::memcpy(claim.data(), &now, sizeof now);
    claim.commit();
    std::this_thread::sleep_for(1us);  // which the kernel makes about 50
  }
}

void subscribe(const std::string& socket, Shared& shared, std::uint32_t self) {
  auto bus = busbar::Bus::connect({.name = "subscriber", .socket = socket});
  auto subscriber = bus.subscriber(kChannel);
  ++shared.ready;
  for (std::uint64_t last_kill = 0;;) {
    const auto message = subscriber.receive();
    if (!message) throw std::runtime_error("receive: " + std::string(to_string(message.outcome())));
    std::uint64_t written = 0;
    std::memcpy(&written, message.payload().data(),
                std::min(sizeof written, message.payload().size()));
    const std::uint64_t kill = shared.killed_at_ns.load();
    if (kill == last_kill || written < kill) continue;
    shared.received_at_ns[self] = now_ns();
    last_kill = kill;
  }
}

enum class Manner { holds_a_claim, claims };

void be_a_victim(const std::string& socket, Shared& shared, Manner manner) {
  auto bus = busbar::Bus::connect({.name = "victim", .socket = socket});
  auto publisher = bus.publisher(kChannel);
  ++shared.ready;
  if (manner == Manner::holds_a_claim) {
    // When it is told to: an open claim holds up the others.
    while (shared.ready.load() != 0) std::this_thread::sleep_for(50us);
    const auto claim = publisher.claim(64);
    ++shared.ready;
    for (;;) ::pause();
  }
  const std::uint64_t nothing = 0;
  for (;;) publisher.publish(std::as_bytes(std::span(&nothing, 1)));
}

/// In a PID namespace of its own if asked for; its pid here.
pid_t start_victim(const std::string& socket, Shared& shared, Manner manner, bool in_namespace) {
  const auto victim = [&] { be_a_victim(socket, shared, manner); };
  if (!in_namespace) return bench::start_child(victim);
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t between = bench::start_child([&] {
    pid_t pid = -1;
    if (::unshare(CLONE_NEWPID) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0) {
      pid = bench::start_child(victim);
    }
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
  });
  bench::join_child(between);
  pid_t pid = -1;
  if (::read(ends[0], &pid, sizeof pid) != sizeof pid) pid = -1;
  ::close(ends[0]);
  ::close(ends[1]);
  if (pid < 0) throw std::runtime_error("no PID namespaces here");
  return pid;
}

void await(const std::function<bool()>& so, const char* what) {
  for (const auto give_up = Clock::now() + 20s; !so();) {
    if (Clock::now() > give_up) throw std::runtime_error(std::string(what) + " takes too long");
    std::this_thread::sleep_for(20us);
  }
}

/// Kills it: until all have received what was written since.
double kill_and_wait(Shared& shared, pid_t victim) {
  const std::uint64_t at = now_ns();
  ::kill(victim, SIGKILL);
  shared.killed_at_ns = at;
  std::uint64_t last = 0;
  for (auto& received : shared.received_at_ns) {
    await([&] { return received.load() >= at; }, "a recovery");
    last = std::max(last, received.load());
  }
  return static_cast<double>(last - at) / 1e6;
}

void print(const char* what, std::vector<double>& took_ms) {
  std::sort(took_ms.begin(), took_ms.end());
  const auto at = [&](std::size_t percent) {
    return took_ms[(took_ms.size() - 1) * percent / 100];
  };
  std::printf("| %s | %zu | %.2f ms | %.2f ms | %.2f ms |\n", what, took_ms.size(), at(50), at(99),
              at(100));
  std::fflush(stdout);
}

class Scene {
 public:
  Scene(const std::string& busbard, Shared& shared) : shared_(shared), broker_(busbard) {
    busbar::Bus::connect({.name = "bench", .socket = broker_.socket()})
        .create(kChannel,
                {.capacity = 1 << 20, .block_timeout = 60s, .max_publishers = kPublishers});
    add([this] { publish(broker_.socket(), shared_); });
    for (std::uint32_t i = 0; i < kSubscribers; ++i) {
      add([this, i] { subscribe(broker_.socket(), shared_, i); });
    }
  }
  ~Scene() {
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }

  void measure(const char* what, Manner manner, int kills, bool in_namespace) {
    std::vector<double> took_ms;
    for (int i = 0; i < kills; ++i) {
      const pid_t victim = start(manner, in_namespace);
      take_place(manner);
      took_ms.push_back(kill_and_wait(shared_, victim));
      ::waitpid(victim, nullptr, 0);
    }
    print(what, took_ms);
  }
  /// Who is to die has to have its place before the broker is gone.
  void measure_without_broker(const char* what, int kills) {
    std::vector<pid_t> victims;
    for (int i = 0; i < kills; ++i) {
      victims.push_back(start_one_that_waits());
    }
    broker_.kill();
    std::vector<double> took_ms;
    for (const pid_t victim : victims) {
      ::kill(victim, SIGUSR1);
      await([&] { return shared_.ready == 1; }, "a claim");
      shared_.ready = 0;
      took_ms.push_back(kill_and_wait(shared_, victim));
      ::waitpid(victim, nullptr, 0);
    }
    print(what, took_ms);
  }

 private:
  void add(const std::function<void()>& work) {
    shared_.ready = 0;
    children_.push_back(bench::start_child([&] {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      work();
    }));
    await([&] { return shared_.ready == 1; }, "a start");
  }
  pid_t start(Manner manner, bool in_namespace) {
    shared_.ready = 0;
    const pid_t victim = start_victim(broker_.socket(), shared_, manner, in_namespace);
    await([&] { return shared_.ready == 1; }, "a start");
    return victim;
  }
  void take_place(Manner manner) {
    if (manner == Manner::claims) {
      std::this_thread::sleep_for(std::chrono::microseconds(std::rand() % 2000));
      return;
    }
    shared_.ready = 0;
    await([&] { return shared_.ready == 1; }, "a claim");
  }
  /// It claims at SIGUSR1.
  pid_t start_one_that_waits() {
    shared_.ready = 0;
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    const pid_t victim = bench::start_child([&] {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      auto bus = busbar::Bus::connect({.name = "victim", .socket = broker_.socket()});
      auto publisher = bus.publisher(kChannel);
      ++shared_.ready;
      int signal = 0;
      ::sigwait(&set, &signal);
      const auto claim = publisher.claim(64);
      ++shared_.ready;
      for (;;) ::pause();
    });
    await([&] { return shared_.ready == 1; }, "a start");
    shared_.ready = 0;
    return victim;
  }

  Shared& shared_;
  bench::PrivateBroker broker_;
  std::vector<pid_t> children_;
};

void run(const std::string& busbard, int kills) {
  auto& shared = *new (bench::shared_memory(sizeof(Shared))) Shared{};
  std::printf("| a publisher is killed | times | median | p99 | max |\n|---|---|---|---|---|\n");
  {
    Scene scene(busbard, shared);
    scene.measure("with an open claim", Manner::holds_a_claim, kills, false);
    scene.measure("anywhere in a loop of claims", Manner::claims, kills, false);
    try {
      scene.measure("with an open claim, in a PID namespace of its own", Manner::holds_a_claim,
                    kills, true);
      scene.measure("anywhere, in a PID namespace of its own", Manner::claims, kills, true);
    } catch (const std::exception& error) {
      std::printf("| in a PID namespace of its own | %s | | | |\n", error.what());
    }
  }
  try {
    Scene scene(busbard, shared);
    scene.measure_without_broker("with an open claim, while the broker is away",
                                 std::min(kills, static_cast<int>(kPublishers) - 4));
  } catch (const std::exception& error) {
    std::printf("| while the broker is away | %s | | | |\n", error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: busbar-recovery BUSBARD [KILLS]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? std::atoi(argv[2]) : 300);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "busbar-recovery: %s\n", error.what());
    return 1;
  }
}
