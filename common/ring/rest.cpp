// SPDX-License-Identifier: Apache-2.0
#include "common/ring/rest.hpp"

#include <sched.h>

#include "common/sync/pause.hpp"

namespace busbar::ring {
namespace {

void yield(Waiting& waiting) noexcept {
  const auto begin = std::chrono::steady_clock::now();
  ::sched_yield();
  waiting.yielded(std::chrono::steady_clock::now() - begin);
}

}  // namespace

void pause_for(std::uint32_t pauses) noexcept {
  for (std::uint32_t i = 0; i < pauses; ++i) sync::pause();
}

bool rest(Waiting& waiting) noexcept {
  const Rest next = waiting.next();
  switch (next.kind) {
    case Rest::Kind::pause:
      pause_for(next.pauses);
      return true;
    case Rest::Kind::yield:
      yield(waiting);
      return true;
    case Rest::Kind::sleep:
      break;
  }
  return false;
}

}  // namespace busbar::ring
