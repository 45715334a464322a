#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <unordered_map>
#include <utility>

#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// Until when sessions have to do something: one deadline a session. The loop's alarm is set only
/// while there are some. Main thread only.
class Deadlines {
 public:
  using Overdue = std::function<void(std::uint64_t session)>;

  Deadlines(EventLoop& loop, Overdue overdue) : loop_(loop), overdue_(std::move(overdue)) {}

  /// From now on; in the place of an earlier one.
  void set(std::uint64_t session, std::chrono::milliseconds patience);
  void clear(std::uint64_t session);
  std::size_t size() const noexcept { return until_.size(); }

 private:
  using Time = EventLoop::Clock::time_point;

  void forget(std::uint64_t session);
  void set_alarm();
  void sweep();

  EventLoop& loop_;
  Overdue overdue_;
  std::unordered_map<std::uint64_t, Time> until_;
  std::set<std::pair<Time, std::uint64_t>> order_;
};

}  // namespace busbar::daemon
