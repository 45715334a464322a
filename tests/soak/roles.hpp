#pragma once

#include <cstdint>
#include <string>

#include "tests/soak/account.hpp"
#include "tests/soak/traffic.hpp"

namespace busbar::soak {

struct Plan {
  std::string socket;
  std::string channel;
  std::uint64_t bytes = 0;  // of each publisher, at least
};

/// The work of one process. Throws on anything unexpected.
void publish(const Plan& plan, const Traffic& traffic, Account& account, std::uint32_t self);
void subscribe(const Plan& plan, const Traffic& traffic, Account& account, std::uint32_t self);

}  // namespace busbar::soak
