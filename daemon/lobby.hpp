#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>

#include "daemon/event_loop.hpp"

namespace busbar::daemon {

/// Sessions that have not said hello yet and when they have to. The loop's alarm is set only while
/// there are some. Main thread only.
class Lobby {
 public:
  using Overdue = std::function<void(std::uint64_t session)>;

  Lobby(EventLoop& loop, std::chrono::milliseconds patience, Overdue overdue)
      : loop_(loop), patience_(patience), overdue_(std::move(overdue)) {}

  void enter(std::uint64_t session);
  void leave(std::uint64_t session);
  std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct Entry {
    std::uint64_t session;
    EventLoop::Clock::time_point until;
  };

  void set_alarm();
  void sweep();

  EventLoop& loop_;
  std::chrono::milliseconds patience_;
  Overdue overdue_;
  std::deque<Entry> waiting_;  // the earliest first
};

}  // namespace busbar::daemon
