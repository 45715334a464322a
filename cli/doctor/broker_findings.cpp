#include <algorithm>
#include <chrono>

#include "cli/doctor/checks.hpp"
#include "cli/doctor/shell_word.hpp"
#include "cli/percent.hpp"
#include "cli/rough_text.hpp"
#include "cli/words.hpp"

namespace busbar::cli {
namespace {

using enum Verdict;
using namespace std::chrono_literals;

constexpr auto kLongTurn = 10ms;
constexpr std::uint64_t kNearly = 90;  // percent

struct Limit {
  std::string words;
  std::uint64_t used;
  std::uint64_t limit;
  std::string why;
  std::string command;
};

Finding judge(const Limit& limit) {
  const std::uint64_t used = percent(limit.used, limit.limit);
  Finding finding{ok, "limits", limit.words + ", " + std::to_string(used) + "%", {}, {}};
  if (limit.limit == 0 || used <= kNearly) return finding;
  finding.verdict = limit.used >= limit.limit ? problem : warning;
  finding.why = limit.why;
  finding.command = limit.command;
  return finding;
}

std::string of_limit(std::uint64_t used, std::uint64_t limit) {
  return std::to_string(used) + " of " + std::to_string(limit);
}

Findings limits(const BrokerState& state) {
  const BrokerInfo& broker = state.broker;
  Findings findings{
      judge(
          {"broker: memory " + rough_text(broker.memory) + " of " + rough_text(broker.memory_limit),
           broker.memory, broker.memory_limit,
           "channels that do not fit into the rest are refused: raise limits.memory",
           "busbar ls   # then busbar rm CHANNEL for those that nobody needs"}),
      judge({"broker: clients " + of_limit(broker.clients, broker.clients_limit), broker.clients,
             broker.clients_limit, "more clients are refused: raise limits.clients",
             "busbar clients   # who they are"}),
      judge({"broker: channels " + of_limit(broker.channels, broker.channels_limit),
             broker.channels, broker.channels_limit,
             "more channels are refused: raise limits.channels",
             "busbar ls   # then busbar rm CHANNEL for those that nobody needs"})};
  if (state.descriptor_limit && broker.descriptors != 0) {
    findings.push_back(
        judge({"broker: descriptors " + of_limit(broker.descriptors, *state.descriptor_limit),
               broker.descriptors, *state.descriptor_limit,
               "new clients wait until some are freed: raise LimitNOFILE= of the service",
               "sudo systemctl edit busbard   # [Service] LimitNOFILE=..."}));
  }
  return findings;
}

/// Named segments come from /dev/shm, which others fill too.
Findings room(const BrokerState& state) {
  const bool named = std::ranges::any_of(
      state.channels, [](const ChannelInfo& channel) { return channel.segment == "named"; });
  if (!named || !state.free_shared_memory) return {};
  const BrokerInfo& broker = state.broker;
  const std::uint64_t rest =
      broker.memory_limit > broker.memory ? broker.memory_limit - broker.memory : 0;
  if (rest <= *state.free_shared_memory) return {};
  return {{warning, "limits",
           "broker: may make channels of " + rough_text(rest) + " more, but /dev/shm has " +
               rough_text(*state.free_shared_memory) + " free",
           "a channel may then be refused with \"No space left on device\" before the limit",
           "sudo mount -o remount,size=" + std::to_string(((broker.memory_limit * 2) >> 20) + 1) +
               "m /dev/shm   # or a smaller limits.memory; docker run --shm-size"}};
}

Finding latency(const BrokerInfo& broker) {
  const std::string longest =
      rough_text(std::chrono::ceil<std::chrono::milliseconds>(broker.loop_max));
  if (broker.loop_max <= kLongTurn) {
    return {ok, "broker", "nobody was kept waiting by others for more than " + longest, {}, {}};
  }
  return {warning, "broker", "once kept those who asked waiting for " + longest,
          "joining and questions were slow then; messages do not pass through the broker",
          "top -H -p " + std::to_string(broker.pid) + "   # is the machine overloaded?"};
}

std::string consequence(const ChannelInfo& channel) {
  switch (channel.when_full) {
    case WhenFull::block:
      return "publishers wait for it";
    case WhenFull::drop_newest:
      return "messages are dropped (" + std::to_string(channel.dropped) + " so far)";
    case WhenFull::evict:
      return "it is about to lose its seat";
  }
  return "publishers have no room";
}

Findings held_up(const std::vector<ChannelInfo>& channels) {
  Findings findings;
  for (const ChannelInfo& channel : channels) {
    const std::uint64_t full = percent(channel.load.lag_bytes, channel.capacity);
    if (full < kNearly) continue;
    findings.push_back(
        {warning, "channels",
         "channel \"" + channel.name + "\": subscriber \"" + printable(channel.load.lag_name) +
             "\" (client " + std::to_string(channel.load.lag_client) + ") lags " +
             rough_text(channel.load.lag_bytes) + ", " + std::to_string(full) + "% of the ring",
         consequence(channel), "busbar show " + shell_word(channel.name) + "   # its pid"});
  }
  if (findings.empty()) {
    findings.push_back({ok, "channels", "no subscriber holds up a channel", {}, {}});
  }
  return findings;
}

std::string consequence_of(const std::string& fallback) {
  if (fallback.starts_with("lock: ")) return "the channel works, but may be swapped out";
  if (fallback.starts_with("huge pages: ")) return "the channel works, with more page faults";
  return "the channel works, perhaps from memory that is farther away";
}

/// What a channel asked of the machine for its memory, and did not get.
Findings not_granted(const std::vector<ChannelInfo>& channels) {
  Findings findings;
  for (const ChannelInfo& channel : channels) {
    for (const std::string& fallback : channel.fallbacks) {
      findings.push_back({warning, "channels",
                          "channel \"" + channel.name + "\": not granted: " + printable(fallback),
                          consequence_of(fallback),
                          "busbar show " + shell_word(channel.name) +
                              "   # its settings; for another try, make it anew"});
    }
  }
  return findings;
}

/// Nothing is taken from a process that is stopped: it may go on at any moment.
Findings stopped(const std::vector<ClientInfo>& clients) {
  Findings findings;
  for (const ClientInfo& client : clients) {
    const std::uint32_t places = client.publishers + client.subscribers;
    if (client.state != "stopped" || places == 0) continue;
    const std::string pid = std::to_string(client.pid);
    findings.push_back({warning, "clients",
                        "client \"" + printable(client.name) + "\" (pid " + pid +
                            ") is stopped and holds " + std::to_string(places) +
                            (places == 1 ? " place" : " places"),
                        "who waits for it waits until it goes on or ends",
                        "kill -CONT " + pid + "   # or end it: kill -KILL " + pid});
  }
  return findings;
}

void append(Findings& findings, Findings more) {
  for (Finding& finding : more) findings.push_back(std::move(finding));
}

}  // namespace

Findings broker_findings(const BrokerState& state) {
  Findings findings = limits(state);
  append(findings, room(state));
  findings.push_back(latency(state.broker));
  append(findings, held_up(state.channels));
  append(findings, not_granted(state.channels));
  append(findings, stopped(state.clients));
  return findings;
}

}  // namespace busbar::cli
