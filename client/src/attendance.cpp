#include "client/src/attendance.hpp"

namespace busbar {

bool Attendance::look() noexcept {
  if (is_orphan_) return false;
  const std::uint64_t epoch = broker_epoch_.load(std::memory_order_relaxed);
  // The news stay news until the broker that they are of has been reached.
  if (connection_.attend(epoch != seen_epoch_)) seen_epoch_ = epoch;
  const Registration& registration = connection_.registration();
  const std::uint32_t losses = registration.losses();
  if (losses != seen_losses_) {
    is_orphan_ = registration.is_orphan(life_, channel_id_);
    seen_losses_ = losses;
  }
  return !is_orphan_;
}

}  // namespace busbar
