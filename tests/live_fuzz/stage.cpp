#include "tests/live_fuzz/stage.hpp"

#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <busbar/busbar.hpp>
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <fstream>
#include <new>
#include <thread>

#include "tests/live_fuzz/scribbler.hpp"

namespace busbar::live_fuzz {
namespace {

using namespace std::chrono_literals;

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kMayGrow = 512 << 20;  // it keeps what was freed
#else
constexpr std::uint64_t kMayGrow = 16 << 20;
#endif
constexpr auto kBetweenKills = 50ms;

Shared& new_shared() {
  void* memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return *new (memory) Shared{};
}

template <typename So>
bool eventually(So so) {
  for (const auto give_up = std::chrono::steady_clock::now() + 20s;
       std::chrono::steady_clock::now() < give_up; std::this_thread::sleep_for(5ms)) {
    if (so()) return true;
  }
  return false;
}

/// Says where, and dies of it.
void tell_fault(int signal) {
  void* frames[32];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 32), STDERR_FILENO);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

/// Its own process, so that this one never has a connection that children would inherit.
bool in_a_child(const std::function<bool()>& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    bool well = false;
    try {
      well = what();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "live fuzz: %s\n", error.what());
    }
    ::_exit(well ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0;
}

}  // namespace

Stage::Stage(const torture::Options& options, torture::Broker& broker)
    : options_(options), broker_(broker), shared_(new_shared()), random_(options.seed) {
  cast();
}

void Stage::cast() {
  const auto add = [&](std::string name, bool is_mortal, bool is_honest, Play play) {
    actors_.push_back({std::move(name), std::move(play), is_mortal, is_honest});
  };
  add("exact subscriber", false, true, subscribe_exactly);
  add("exact publisher", false, true, publish_exactly);
  add("asker", false, true, ask);
  for (const char* name : kSpoiled) {
    const std::string channel = name;
    const bool ring = channel == "ring";
    add("scribbler on " + channel, true, false, [channel, ring](const Scene& scene) {
      scribble(scene.socket, channel, ring ? control::Role::publisher : control::Role::subscriber,
               scene.seed, scene.shared, scene.steps);
    });
    // A publisher that spoils the ring may also say how long the others wait.
    add("publisher on " + channel, true, true,
        [channel, ring](const Scene& scene) { publish_on(scene, channel, !ring); });
    add("subscriber on " + channel, true, true,
        [channel](const Scene& scene) { subscribe_to(scene, channel); });
  }
}

void Stage::start(std::size_t index) {
  Actor& actor = actors_[index];
  const std::uint64_t seed = random_();
  actor.stepped = Clock::now();
  actor.pid = ::fork();
  if (actor.pid != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#ifndef __SANITIZE_ADDRESS__
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::signal(fault, tell_fault);
#endif
  int status = 0;
  try {
    actor.play({broker_.socket(), shared_, shared_.steps[index], seed});
  } catch (const std::exception& error) {
    if (actor.is_honest) {
      std::fprintf(stderr, "live fuzz: %s: %s\n", actor.name.c_str(), error.what());
      status = 1;
    }
  }
  ::_exit(status);
}

bool Stage::has_ended_badly(Actor& actor, std::size_t index) {
  int status = 0;
  if (::waitpid(actor.pid, &status, WNOHANG) != actor.pid) return false;
  actor.pid = -1;
  if (actor.is_honest && status != 0) {
    std::fprintf(stderr, "live fuzz: %s has ended with %s %d\n", actor.name.c_str(),
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return true;
  }
  if (!shared_.stopping && actor.is_mortal) start(index);
  return false;
}

bool Stage::gets_on(Actor& actor, std::size_t index) const {
  const std::uint64_t steps = shared_.steps[index].load();
  if (steps != actor.steps || actor.pid < 0) {
    actor.steps = steps;
    actor.stepped = Clock::now();
  }
  if (Clock::now() - actor.stepped < std::chrono::duration<double>(options_.patience)) return true;
  const std::string pid = std::to_string(actor.pid);
  std::string call;
  std::getline(std::ifstream("/proc/" + pid + "/syscall"), call);
  std::fprintf(stderr, "live fuzz: %s (pid %s) does not get on: %s\n", actor.name.c_str(),
               pid.c_str(), call.c_str());
  return false;
}

bool Stage::all_are_well() {
  if (broker_.has_died()) {
    std::fprintf(stderr, "live fuzz: the broker has died\n");
    return false;
  }
  for (std::size_t i = 0; i < actors_.size(); ++i) {
    if (actors_[i].pid > 0 && has_ended_badly(actors_[i], i)) return false;
    if (!gets_on(actors_[i], i)) return false;
  }
  return shared_.wrong == 0;
}

bool Stage::run() {
  in_a_child([&] {
    return eventually([&] {
      try {
        create_spoiled(broker_.socket());
        return true;
      } catch (const Error&) {
        return false;  // the broker is not there yet
      }
    });
  });
  const std::uint64_t descriptors = broker_.descriptors();
  const std::uint64_t resident = broker_.resident_bytes();
  start(0);
  if (!eventually([&] { return shared_.steps[0] != 0; })) return false;
  for (std::size_t i = 1; i < actors_.size(); ++i) start(i);

  bool well = true;
  const auto end_at = Clock::now() + std::chrono::duration<double>(options_.seconds);
  auto next_kill = Clock::now() + kBetweenKills;
  while (well && Clock::now() < end_at) {
    std::this_thread::sleep_for(5ms);
    well = all_are_well();
    if (Clock::now() < next_kill) continue;
    next_kill += kBetweenKills;
    Actor& victim = actors_[random_() % actors_.size()];
    if (victim.is_mortal && victim.pid > 0) {
      ::kill(victim.pid, SIGKILL);
      ::waitpid(victim.pid, nullptr, 0);
      start(static_cast<std::size_t>(&victim - actors_.data()));
      ++kills_;
    }
  }
  well = end() && well;
  print();
  const bool same = eventually([&] { return broker_.descriptors() <= descriptors; });
  std::printf("broker before and after: %" PRIu64 " and %" PRIu64 " descriptors, %" PRIu64
              " and %" PRIu64 " KiB of its own\n",
              descriptors, broker_.descriptors(), resident / 1024, broker_.resident_bytes() / 1024);
  well = well && same && broker_.resident_bytes() <= resident + kMayGrow;
  std::printf("%s\n", well ? "all is well" : "FAILED");
  return well;
}

bool Stage::end() {
  shared_.stopping = true;
  const bool ended = eventually([&] {
    bool all = true;
    for (Actor& actor : actors_) {
      int status = 0;
      if (actor.pid > 0 && ::waitpid(actor.pid, &status, WNOHANG) == actor.pid) actor.pid = -1;
      all = all && actor.pid < 0;
    }
    return all;
  });
  for (Actor& actor : actors_) {
    if (actor.pid <= 0) continue;
    std::fprintf(stderr, "live fuzz: %s does not end\n", actor.name.c_str());
    ::kill(actor.pid, SIGKILL);
    ::waitpid(actor.pid, nullptr, 0);
  }
  // What a scribbler has spoiled last may be anything: the channels go, and with them all the rest.
  return ended && shared_.wrong == 0 && shared_.exact > 0 && in_a_child([&] {
           auto bus = Bus::connect({.name = "end", .socket = broker_.socket()});
           for (const char* name : kSpoiled) remove_if_there(bus, name);
           remove_if_there(bus, kExact);
           create_spoiled(broker_.socket());
           return true;
         });
}

void Stage::print() const {
  std::printf("%" PRIu64 " overwritings, %" PRIu64 " deaths; on spoiled channels %" PRIu64
              " messages and %" PRIu64 " errors; on the other %" PRIu64 " messages, %" PRIu64
              " wrong; %" PRIu64 " answers of the broker, the longest took %" PRIu64 " us\n",
              shared_.scribbles.load(), kills_, shared_.delivered.load(), shared_.refused.load(),
              shared_.exact.load(), shared_.wrong.load(), shared_.answers.load(),
              shared_.longest_us.load());
}

}  // namespace busbar::live_fuzz
