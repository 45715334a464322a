#pragma once

#include <cstdint>

#include "tests/soak/account.hpp"
#include "tests/soak/options.hpp"
#include "tests/soak/traffic.hpp"

namespace busbar::soak {

/// What the processes of one run share.
struct Run {
  const Options& options;
  const Traffic& traffic;
  Account& account;
};

/// Says that it has attached, and waits for the start.
void await_go(Account& account);

/// The work of one process, and its number among its like. Throws on anything unexpected.
void publish(const Run& run, std::uint32_t self);
/// Receives in every way and checks every byte; those with odd numbers keep messages.
void subscribe(const Run& run, std::uint32_t self);
/// Lossy and slow, each in its own way; from before the first message to the end.
void look_on(const Run& run, std::uint32_t self);
/// Lossy; joins and leaves until the end.
void come_and_go(const Run& run, std::uint32_t self);

}  // namespace busbar::soak
