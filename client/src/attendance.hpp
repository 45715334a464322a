#pragma once

#include <cstdint>

#include "client/src/connection.hpp"
#include "client/src/held_up_watch.hpp"
#include "common/control/messages.hpp"
#include "common/ring/lookout.hpp"
#include "common/ring/ring_view.hpp"

namespace busbar {

/// What the holder of a place does on slow paths: looks after the way to the broker, so that a
/// client that never asks for anything comes back too; learns whether the broker still knows the
/// place; tells it who is in the way for long. One thread at a time.
class Attendance final : public ring::Lookout {
 public:
  /// The place as it was granted, in that life of the registration.
  Attendance(Connection& connection, const ring::RingView& ring, const control::Leave& place,
             std::uint32_t life) noexcept;

  /// Never waits. False once the place is an orphan: no broker knows its ring, and none will.
  bool look(const ring::Blocker* blocker) noexcept override;

  /// Whether a broker has adopted the channel since the last look, or a look is over due anyway:
  /// one load, for paths that are often taken.
  bool is_due() noexcept {
    return is_orphan_ || epoch() != seen_epoch_ || ++passes_ % kPasses == 0;
  }
  bool is_orphan() const noexcept { return is_orphan_; }

 private:
  static constexpr std::uint32_t kPasses = 1024;

  std::uint64_t epoch() const noexcept {
    return ring_.seats_control->broker_epoch.load(std::memory_order_relaxed);
  }
  std::uint64_t progress() const noexcept;
  void tell_who(const ring::Blocker& blocker) noexcept;
  void come_back() noexcept;

  Connection& connection_;
  const ring::RingView ring_;
  const control::Leave place_;
  const std::uint32_t life_;
  HeldUpWatch held_up_;
  std::uint64_t seen_epoch_;    // of the last broker that was reached
  std::uint64_t passed_epoch_;  // that fellows were told of
  std::uint32_t seen_losses_ = 0;
  std::uint32_t passes_ = 0;
  bool is_orphan_ = false;
};

}  // namespace busbar
