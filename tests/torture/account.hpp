#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace busbar::torture {

inline constexpr std::uint32_t kMostChannels = 3;
inline constexpr std::uint32_t kMostWorkers = 64;
inline constexpr std::uint32_t kMostIncarnations = 1 << 17;  // publishers of one channel, in a run

using Clock = std::chrono::steady_clock;

inline std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}

/// What one publisher, from its start to its death, has noted. One that is killed leaves it open
/// whether it committed those from `committed` to `begun`.
struct Sent {
  std::atomic<std::uint64_t> begun;      // before a commit: messages that may be seen
  std::atomic<std::uint64_t> committed;  // behind it: messages that have to be seen
  std::atomic<std::uint64_t> claims;     // before a claim, taken back if there was no room
  std::atomic<std::uint64_t> aborted;    // behind an abort
};

/// Which message every subscriber has found under a number of the channel: all the same one.
struct Agreement {
  static constexpr std::uint64_t kSize = 1 << 18;
  std::atomic<std::uint64_t> entry[kSize];

  /// False if somebody has found another one there.
  bool with(std::uint64_t sequence, std::uint64_t what);
};

struct ChannelAccount {
  std::atomic<std::uint32_t> publishers;  // started so far: the next one's number
  Sent sent[kMostIncarnations];
  Agreement agreement;
  std::atomic<std::uint64_t> received;       // by all
  std::atomic<std::uint64_t> sequence_gaps;  // that the witness found, before its last message
  std::atomic<std::uint64_t> witnessed;      // messages

  // Deaths on this channel; what is published from then on tells how long it took to recover.
  static constexpr std::uint64_t kDeaths = 64;
  std::atomic<std::uint64_t> deaths;
  std::atomic<std::uint64_t> death_at_ns[kDeaths];  // of death n, at n mod kDeaths
};

/// What a worker is doing: for whoever wonders why it does not go on.
enum class Step : std::uint32_t {
  starts,
  connects,
  opens,
  claims,
  commits,
  aborts,
  receives,
  checks,
  leaves,
  done
};

struct WorkerAccount {
  std::atomic<std::uint32_t> incarnation;
  std::atomic<Step> step;
  std::atomic<bool> joined;
  std::atomic<std::uint64_t> steps;  // grows as long as it gets on
  // Deaths that it has received a later message after, and when.
  std::atomic<std::uint64_t> recovered_from[ChannelAccount::kDeaths];
  std::atomic<std::uint64_t> recovered_at_ns[ChannelAccount::kDeaths];
};

/// What is wrong, by kind. Each is told on standard error when it is found.
struct Wrongs {
  std::atomic<std::uint64_t> lost, changed, repeated, reordered, uncommitted, unexplained;

  std::uint64_t sum() const {
    return lost + changed + repeated + reordered + uncommitted + unexplained;
  }
};

/// What every process did, in memory that they share.
struct Account {
  std::atomic<bool> stopping;         // publishers end behind what they are at
  std::atomic<bool> publishers_gone;  // who has received all is done
  Wrongs wrongs;
  std::atomic<std::uint64_t> longest_gap_ns;  // between two messages of one subscriber
  ChannelAccount channels[kMostChannels];
  WorkerAccount workers[kMostWorkers];
};

Account& new_account();

/// Counts it and says it.
void report(std::atomic<std::uint64_t>& wrong, const char* what, std::uint32_t channel,
            std::uint32_t publisher, std::uint64_t number, std::uint64_t instead);

}  // namespace busbar::torture
