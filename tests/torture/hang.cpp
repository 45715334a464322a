#include "tests/torture/hang.hpp"

#include <cinttypes>
#include <cstdio>
#include <fstream>

namespace busbar::torture {
namespace {

constexpr const char* kSteps[] = {"starts", "connects", "opens",  "claims", "commits",
                                  "aborts", "receives", "checks", "leaves", "done"};
constexpr const char* kRoles[] = {"publisher", "subscriber", "lossy", "witness"};

std::string proc(pid_t pid, const char* what) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + what);
  std::string text;
  std::getline(file, text);
  return text;
}

void dump(const Worker& worker) {
  const WorkerAccount& account = worker.account();
  std::fprintf(stderr, "  worker %u, pid %d, channel %u, %s: %s, %" PRIu64 " steps; %s; %s\n",
               worker.post().worker, worker.pid(), worker.post().channel,
               kRoles[static_cast<int>(worker.post().role)],
               kSteps[static_cast<int>(account.step.load())], account.steps.load(),
               proc(worker.pid(), "wchan").c_str(), proc(worker.pid(), "syscall").c_str());
}

void dump(const ChannelDetails& details) {
  std::fprintf(stderr,
               "  channel %s: claimed %" PRIu64 ", tail %" PRIu64 ", sequence %" PRIu64 "\n",
               details.channel.name.c_str(), details.channel.claimed, details.channel.tail,
               details.channel.sequence);
  for (const auto& one : details.publishers) {
    std::fprintf(stderr, "    slot %u: pid %" PRId64 ", %" PRIu64 " bytes open\n", one.slot,
                 one.pid, one.open_bytes);
  }
  for (const auto& one : details.subscribers) {
    std::fprintf(
        stderr, "    seat %u: pid %" PRId64 ", %s, cursor %" PRIu64 ", lag %" PRIu64 ", %zu held\n",
        one.seat, one.pid, one.state.c_str(), one.cursor, one.lag_bytes, one.held.size());
  }
}

void dump_channels(const std::string& socket) {
  try {
    auto bus = Bus::connect({.name = "torture-hang", .socket = socket});
    for (std::uint32_t i = 0; i < kMostChannels; ++i) dump(bus.channel(channel_name(i)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "  broker: %s\n", error.what());
  }
}

}  // namespace

bool HangWatch::look(const std::vector<Worker>& workers, const std::string& socket) {
  const auto now = Clock::now();
  seen_.resize(workers.size());
  const Worker* stuck = nullptr;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const std::uint64_t steps = workers[i].account().steps.load();
    Seen& seen = seen_[i];
    if (!workers[i].running() || seen.steps != steps ||
        seen.incarnation != workers[i].incarnation()) {
      seen = {steps, workers[i].incarnation(), now};
    } else if (now - seen.since > patience_) {
      stuck = &workers[i];
    }
  }
  if (stuck == nullptr) return false;
  std::fprintf(stderr, "torture: worker %u does not get on\n", stuck->post().worker);
  for (const Worker& worker : workers) dump(worker);
  dump_channels(socket);
  return true;
}

}  // namespace busbar::torture
