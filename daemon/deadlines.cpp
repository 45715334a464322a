#include "daemon/deadlines.hpp"

#include <optional>

namespace busbar::daemon {
namespace {

// To drop one takes about 30 us. Who else is overdue follows after those who ask meanwhile.
constexpr int kAtATime = 32;

}  // namespace

void Deadlines::set(std::uint64_t session, std::chrono::milliseconds patience) {
  forget(session);
  const Time until = EventLoop::Clock::now() + patience;
  until_.emplace(session, until);
  order_.emplace(until, session);
  set_alarm();
}

void Deadlines::clear(std::uint64_t session) {
  if (!until_.contains(session)) return;
  forget(session);
  set_alarm();
}

void Deadlines::forget(std::uint64_t session) {
  const auto at = until_.find(session);
  if (at == until_.end()) return;
  order_.erase({at->second, session});
  until_.erase(at);
}

void Deadlines::set_alarm() {
  std::optional<Time> when;
  if (!order_.empty()) when = order_.begin()->first;
  loop_.set_alarm(when, [this] { sweep(); });
}

void Deadlines::sweep() {
  const auto now = EventLoop::Clock::now();
  for (int i = 0; i < kAtATime && !order_.empty() && order_.begin()->first <= now; ++i) {
    const std::uint64_t session = order_.begin()->second;
    forget(session);
    overdue_(session);
  }
  set_alarm();
}

}  // namespace busbar::daemon
