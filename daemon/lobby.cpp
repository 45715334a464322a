#include "daemon/lobby.hpp"

#include <algorithm>
#include <optional>

namespace busbar::daemon {

void Lobby::enter(std::uint64_t session) {
  waiting_.push_back({session, EventLoop::Clock::now() + patience_});
  set_alarm();
}

void Lobby::leave(std::uint64_t session) {
  std::erase_if(waiting_, [session](const Entry& entry) { return entry.session == session; });
  set_alarm();
}

void Lobby::set_alarm() {
  std::optional<EventLoop::Clock::time_point> when;
  if (!waiting_.empty()) when = waiting_.front().until;
  loop_.set_alarm(when, [this] { sweep(); });
}

void Lobby::sweep() {
  const auto now = EventLoop::Clock::now();
  while (!waiting_.empty() && waiting_.front().until <= now) {
    const std::uint64_t session = waiting_.front().session;
    waiting_.pop_front();
    overdue_(session);
  }
  set_alarm();
}

}  // namespace busbar::daemon
