// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace busbar::ring {

/// Who stands in the way of somebody that waits: a publisher whose claim is in front or gates, or
/// that holds the mutex; or a subscriber whose cursor gates.
struct Blocker {
  bool is_publisher = false;
  std::uint32_t index = 0;  // of the slot or seat
};

/// What the owner of a Writer or Receiver wants to do while it waits. Called in its thread and
/// never under the mutex: once before the first sleep, after each sleep that brought nothing, and,
/// for a publisher, about once a stride and where a commit wakes somebody. Must not wait.
class Lookout {
 public:
  /// `blocker`: who has been in the way for a slice of sleep, or null if that is not known. False:
  /// nothing will ever come; the wait ends with Outcome::closed.
  virtual bool look(const Blocker* blocker) noexcept = 0;

 protected:
  ~Lookout() = default;
};

}  // namespace busbar::ring
