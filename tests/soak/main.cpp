// busbar_soak SOCKET PUBLISHERS SUBSCRIBERS BYTES [CAPACITY [SMALLEST LARGEST]]: publishers send
// BYTES in all, every subscriber checks every byte. Prints the account; 0 if all is complete.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

pid_t start(const std::function<void()>& work) {
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

/// False if one has ended already: it failed.
bool all_alive(const std::vector<pid_t>& children) {
  for (const pid_t child : children) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return false;
  }
  return true;
}

bool await_ready(const Account& account, const std::vector<pid_t>& children, std::size_t count) {
  while (account.ready.load() < count) {
    if (!all_alive(children)) return false;
    ::sched_yield();
  }
  return true;
}

bool join(const std::vector<pid_t>& children) {
  bool good = true;
  for (const pid_t child : children) {
    int status = 0;
    good = ::waitpid(child, &status, 0) == child && status == 0 && good;
  }
  return good;
}

std::uint64_t size_of(const char* text) {
  const auto size = parse_size(text);
  if (!size) throw Error(Errc::invalid_argument, std::string(text) + " is no size");
  return *size;
}

int run(int argc, char** argv) {
  const auto publishers = static_cast<std::uint32_t>(std::stoul(argv[2]));
  const auto subscribers = static_cast<std::uint32_t>(std::stoul(argv[3]));
  const Plan plan{argv[1], "soak", size_of(argv[4]) / publishers};
  const std::uint64_t capacity = argc > 5 ? size_of(argv[5]) : 64 << 20;
  const Traffic traffic(argc > 7 ? size_of(argv[6]) : 1, argc > 7 ? size_of(argv[7]) : 1 << 20);
  Account& account = new_account();
  {
    auto bus = Bus::connect({.name = "soak", .socket = plan.socket});
    bus.create(plan.channel, {.capacity = capacity,
                              .block_timeout = std::chrono::minutes(10),
                              .max_publishers = publishers});
  }
  std::vector<pid_t> children;
  for (std::uint32_t s = 0; s < subscribers; ++s) {
    children.push_back(start([&] { subscribe(plan, traffic, account, s); }));
  }
  for (std::uint32_t p = 0; p < publishers; ++p) {
    children.push_back(start([&] { publish(plan, traffic, account, p); }));
  }
  const bool ready = await_ready(account, children, children.size());
  if (!ready) {
    for (const pid_t child : children) ::kill(child, SIGKILL);
  }
  const auto begin = std::chrono::steady_clock::now();
  account.go = true;
  const bool joined = join(children);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return settle(account, publishers, subscribers, took.count()) && joined && ready ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "usage: busbar_soak SOCKET PUBLISHERS SUBSCRIBERS BYTES [CAPACITY [SMALLEST "
                 "LARGEST]]\n");
    return 2;
  }
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 1;
  }
}
