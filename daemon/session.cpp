#include "daemon/session.hpp"

#include <algorithm>

#include "common/base/names.hpp"

namespace busbar::daemon {

std::int64_t Session::pid() const noexcept {
  if (peer_.pid != 0 || !hello_) return peer_.pid;
  return static_cast<std::int64_t>(hello_->process.pid);
}

std::string Session::words() const {
  return busbar::quoted(name()) + " (pid " + std::to_string(pid()) + ")";
}

ring::Member Session::member() const noexcept {
  if (!hello_) return {id_};
  return {id_, hello_->process.pid, hello_->process.start_time, hello_->process.pid_namespace};
}

void Session::set_dead() noexcept {
  dead_ = true;
  death_watch_.reset();  // a pidfd stays readable for ever
  socket_.reset();
}

std::uint32_t Session::held(control::Role role) const noexcept {
  return static_cast<std::uint32_t>(
      std::count_if(holdings_.begin(), holdings_.end(),
                    [role](const Holding& holding) { return holding.place.role == role; }));
}

}  // namespace busbar::daemon
