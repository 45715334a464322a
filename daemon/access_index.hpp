#pragma once

#include <cstdint>
#include <unordered_map>

#include "common/control/messages.hpp"
#include "daemon/peer.hpp"

namespace busbar::daemon {

/// Whom any one of many access lists admits, without a walk over them: strangers ask too, and what
/// they cost must not grow with the channels. Main thread only.
class AccessIndex {
 public:
  void add(const control::Access& access) { count(access, 1); }
  /// What was added before.
  void remove(const control::Access& access) { count(access, -1); }

  bool admits(const Peer& peer) const;

 private:
  using Counts = std::unordered_map<std::uint32_t, std::int64_t>;

  void count(const control::Access& access, std::int64_t step);

  std::int64_t everybody_ = 0;
  Counts users_;
  Counts groups_;
};

}  // namespace busbar::daemon
