#pragma once

#include <chrono>

namespace busbar::daemon {

/// How long a client may keep the broker waiting before it is dropped.
struct Patience {
  std::chrono::milliseconds hello{5'000};
  /// For room in its socket for an answer.
  std::chrono::milliseconds room{10'000};
  /// For an answer with descriptors to be read: a client may well be stopped for a while.
  std::chrono::milliseconds reading{60'000};
};

}  // namespace busbar::daemon
