#pragma once

#include <vector>

#include "tests/torture/broker.hpp"
#include "tests/torture/hang.hpp"
#include "tests/torture/kills.hpp"
#include "tests/torture/settlement.hpp"
#include "tests/torture/worker.hpp"

namespace busbar::torture {

/// Starts everybody, kills and replaces them until time is up, and sees to it that nothing is left.
class Controller {
 public:
  Controller(const Run& run, Broker& broker);

  /// True if all is well.
  bool run();

 private:
  /// What the broker has where nobody is there.
  struct Holdings {
    std::uint64_t descriptors;
    std::uint64_t resident_bytes;
    std::uint64_t memory;
    std::size_t segments;
  };

  void create_channels();
  void hire();
  bool torture();
  bool end_well();
  bool await(bool (Controller::*done)() const);
  bool witnesses_joined() const;
  bool publishers_are_gone() const;
  bool all_are_gone() const;
  bool all_is_well();

  void kill_a_member();
  void kill_the_broker();
  double random();  // [0, 1)
  Clock::duration until_next(double rate);

  bool nothing_is_left();
  Holdings holdings();
  bool members_are_gone(Bus& bus);

  const Run& run_;
  Broker& broker_;
  std::vector<Worker> workers_;
  std::vector<std::uint32_t> mortals_;
  Kills kills_;
  Kills broker_kills_;
  HangWatch hang_;
  Deeds deeds_;
  Holdings before_{};
  std::uint64_t random_;
};

}  // namespace busbar::torture
