#include "tests/torture/kills.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace busbar::torture {

void Kills::note(std::uint32_t channel, const std::vector<Worker>& workers) {
  ChannelAccount& line = account_.channels[channel];
  Open open{channel, line.deaths.load(), now_ns(), {}};
  for (const Worker& worker : workers) {
    if (worker.post().channel == channel && !worker.is_publisher() && worker.running() &&
        worker.account().joined) {
      open.waiters.push_back({worker.post().worker, worker.incarnation()});
    }
  }
  line.death_at_ns[open.death % ChannelAccount::kDeaths] = open.at_ns;
  line.deaths.store(open.death + 1);
  open_.push_back(std::move(open));
}

/// Whoever has died since is no longer waited for. One that so many others followed is not
/// measured.
bool Kills::is_over(const Open& open, const std::vector<Worker>& workers) {
  if (account_.channels[open.channel].deaths.load() - open.death >= ChannelAccount::kDeaths) {
    return true;
  }
  const std::uint64_t at = open.death % ChannelAccount::kDeaths;
  std::uint64_t last = 0;
  for (const Waiter& waiter : open.waiters) {
    const Worker& worker = workers[waiter.worker];
    if (worker.incarnation() != waiter.incarnation) continue;
    if (worker.account().recovered_from[at].load() != open.death + 1) return false;
    last = std::max(last, worker.account().recovered_at_ns[at].load());
  }
  if (last != 0) took_ns_.push_back(last - open.at_ns);
  return true;
}

void Kills::look(const std::vector<Worker>& workers) {
  std::erase_if(open_, [&](const Open& open) { return is_over(open, workers); });
}

std::string Kills::text() {
  if (took_ns_.empty()) return "none measured";
  std::sort(took_ns_.begin(), took_ns_.end());
  const auto at = [&](std::size_t percent) {
    return static_cast<double>(took_ns_[(took_ns_.size() - 1) * percent / 100]) / 1e6;
  };
  char text[128];
  std::snprintf(text, sizeof text, "%zu measured: p50 %.2f ms, p99 %.2f ms, max %.2f ms",
                took_ns_.size(), at(50), at(99), at(100));
  return text;
}

}  // namespace busbar::torture
