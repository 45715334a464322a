#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/torture/worker.hpp"

namespace busbar::torture {

/// How long everybody took after each death to receive a message that was written after it.
class Kills {
 public:
  explicit Kills(Account& account) : account_(account) {}

  /// Right behind the death of one of the channel's members; the broker's: of all channels.
  void note(std::uint32_t channel, const std::vector<Worker>& workers);
  /// Looks who has recovered.
  void look(const std::vector<Worker>& workers);

  /// "N measured: p50 .., p99 .., max .."
  std::string text();

 private:
  struct Waiter {
    std::uint32_t worker;
    std::uint32_t incarnation;
  };
  struct Open {
    std::uint32_t channel;
    std::uint64_t death;  // its number on the channel
    std::uint64_t at_ns;
    std::vector<Waiter> waiters;
  };
  bool is_over(const Open& open, const std::vector<Worker>& workers);

  Account& account_;
  std::vector<Open> open_;
  std::vector<std::uint64_t> took_ns_;
};

}  // namespace busbar::torture
