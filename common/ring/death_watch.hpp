// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "common/ring/lookout.hpp"
#include "common/ring/ring_view.hpp"

namespace busbar::ring {

/// What a publisher does about members that are gone and stand in its way, or in a subscriber's:
/// the same as the broker would, and so nobody waits for one that is away. Private to a publisher;
/// never called under the mutex. docs/protocol.md, "Mending".
class DeathWatch {
 public:
  DeathWatch(const RingView& ring, std::uint32_t slot);

  /// After a claim that found no room up to `need`. Who is gone is in the way no more; tells who
  /// else is, if that is known.
  std::optional<Blocker> look(const RingView& ring, std::uint64_t need);

  /// The same for who does not wait and may come back at once: looks once a slice at most.
  void glance(const RingView& ring, std::uint64_t need);

  /// For who never waits and found the mutex taken, likewise.
  void glance_at_mutex(const RingView& ring);

  /// Mends what subscribers take for left open by the dead. They are not believed.
  void heed(const RingView& ring);

 private:
  bool is_due(std::uint32_t& last_ms);

  std::uint32_t owner_;  // as the mutex names us
  std::uint32_t glanced_ms_;
  std::uint32_t heeded_ms_;
};

}  // namespace busbar::ring
