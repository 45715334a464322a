#pragma once

#include <cstdint>
#include <string>

#include "config/machine_memory.hpp"

namespace busbar::config {

/// What a configuration is measured by. A plain value.
struct Machine {
  std::uint64_t memory = kUnknownMemory;  // bytes, as the following two
  std::uint64_t shared_memory = kUnknownMemory;
  std::uint64_t free_shared_memory = kUnknownMemory;
  std::uint64_t descriptors = 0;  // that a process may open at most
  std::string socket = {};        // where a broker listens that was told nothing
  std::uint32_t user = 0;         // who runs the broker, and its group
  std::uint32_t group = 0;
};

/// The machine that this runs on, with this process as the broker.
Machine this_machine();

/// The same with a process of that user as the broker, as a service manager starts it: without this
/// process's environment. Asks the name service for its group.
Machine this_machine_with(std::uint32_t user);

}  // namespace busbar::config
