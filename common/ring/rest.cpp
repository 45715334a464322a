// SPDX-License-Identifier: Apache-2.0
#include "common/ring/rest.hpp"

#include <sched.h>

#include "common/sync/pause.hpp"

namespace busbar::ring {

bool rest(Waiting& waiting) noexcept {
  const Rest next = waiting.next();
  switch (next.kind) {
    case Rest::Kind::pause:
      for (std::uint32_t i = 0; i < next.pauses; ++i) sync::pause();
      return true;
    case Rest::Kind::yield:
      ::sched_yield();
      return true;
    case Rest::Kind::sleep:
      break;
  }
  return false;
}

}  // namespace busbar::ring
