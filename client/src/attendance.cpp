#include "client/src/attendance.hpp"

#include <utility>

#include "common/ring/wake.hpp"
#include "common/sync/coarse_clock.hpp"

namespace busbar {

using control::Role;

Attendance::Attendance(Connection& connection, const ring::RingView& ring,
                       const control::Leave& place, std::uint32_t life) noexcept
    : connection_(connection),
      ring_(ring),
      place_(place),
      life_(life),
      seen_epoch_(epoch()),
      passed_epoch_(seen_epoch_) {}

bool Attendance::look(const ring::Blocker* blocker) noexcept {
  if (is_orphan_) return false;
  come_back();
  const Registration& registration = connection_.registration();
  const std::uint32_t losses = registration.losses();
  if (losses != seen_losses_) {
    is_orphan_ = registration.is_orphan(life_, place_.channel_id);
    seen_losses_ = losses;
  }
  if (blocker != nullptr) tell_who(*blocker);
  return !is_orphan_;
}

void Attendance::come_back() noexcept {
  const std::uint64_t now = epoch();
  // The news stay news until the broker that they are of has been reached.
  if (connection_.attend(now != seen_epoch_)) seen_epoch_ = now;
  // A broker's hail is heard by one publisher alone.
  if (std::exchange(passed_epoch_, now) != now && place_.role == Role::publisher) {
    ring::hail_publishers(ring_);
  }
}

/// Of publishers: somebody has claimed. Of a subscriber: its cursor has moved.
std::uint64_t Attendance::progress() const noexcept {
  const bool publishes = place_.role == Role::publisher;
  return publishes ? ring_.control->publishers.claimed.load(std::memory_order_relaxed)
                   : ring_.seats[place_.index].cursor.load(std::memory_order_relaxed);
}

void Attendance::tell_who(const ring::Blocker& blocker) noexcept {
  if (!held_up_.is_time(blocker, progress(), sync::coarse_milliseconds())) return;
  connection_.tell(
      control::HeldUp{place_.channel_id, place_.role, place_.index, place_.grant,
                      blocker.is_publisher ? Role::publisher : Role::subscriber, blocker.index},
      life_);
}

}  // namespace busbar
