#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/live_fuzz/actors.hpp"
#include "tests/torture/broker.hpp"

namespace busbar::live_fuzz {

/// Runs everybody until time is up, replaces who has gone, and judges.
class Stage {
 public:
  Stage(const torture::Options& options, torture::Broker& broker);

  /// True if all is well.
  bool run();

 private:
  using Clock = std::chrono::steady_clock;
  using Play = std::function<void(const Scene&)>;
  struct Actor {
    std::string name;
    Play play;
    bool is_mortal;  // is killed and replaced
    bool is_honest;  // has to end as it should
    pid_t pid = -1;
    std::uint64_t steps = 0;
    Clock::time_point stepped = {};
  };

  void cast();
  void start(std::size_t index);
  bool all_are_well();
  bool has_ended_badly(Actor& actor, std::size_t index);
  bool gets_on(Actor& actor, std::size_t index) const;
  bool end();
  void print() const;

  const torture::Options& options_;
  torture::Broker& broker_;
  Shared& shared_;
  std::vector<Actor> actors_;
  std::mt19937_64 random_;
  std::uint64_t kills_ = 0;
};

}  // namespace busbar::live_fuzz
