// SPDX-License-Identifier: Apache-2.0
#include "common/base/wait_policy.hpp"

namespace busbar {

std::string_view to_string(WaitPolicy policy) noexcept {
  switch (policy) {
    case WaitPolicy::latency:
      return "latency";
    case WaitPolicy::balanced:
      return "balanced";
    case WaitPolicy::power:
      return "power";
  }
  return "unknown";
}

std::optional<WaitPolicy> parse_wait_policy(std::string_view name) noexcept {
  for (const WaitPolicy policy : {WaitPolicy::latency, WaitPolicy::balanced, WaitPolicy::power}) {
    if (name == to_string(policy)) return policy;
  }
  return std::nullopt;
}

}  // namespace busbar
