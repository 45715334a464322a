#pragma once

#include "tests/torture/account.hpp"

namespace busbar::torture {

/// What was done to a run, for its account.
struct Deeds {
  std::uint64_t publishers_killed = 0;
  std::uint64_t subscribers_killed = 0;
  std::uint64_t brokers_killed = 0;
};

/// Whether the numbers that were given to no message are those of claims that were aborted, by
/// their publishers or by their deaths.
void settle_numbers(Account& account);

/// Prints what was sent and received. True if nothing is wrong.
bool settle(const Account& account, const Deeds& deeds, double seconds);

}  // namespace busbar::torture
