// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "export.hpp"

namespace busbar {

/// How a subscriber waits for messages and a publisher for room: processor time against delay. Each
/// spins, then yields the processor, then sleeps until it is woken; they differ in when.
enum class WaitPolicy : std::uint8_t {
  latency,   ///< spins for long: for one that has a processor of its own
  balanced,  ///< as long as the last waits have shown to be worth it; yields where others want the
             ///< processor
  power,     ///< sleeps almost at once: for what is rarely in a hurry
};

/// The policy's name as it stands above. Never fails.
BUSBAR_EXPORT std::string_view to_string(WaitPolicy policy) noexcept;
/// The policy of that name, if it is one.
BUSBAR_EXPORT std::optional<WaitPolicy> parse_wait_policy(std::string_view name) noexcept;

}  // namespace busbar
