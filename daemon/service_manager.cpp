#include "daemon/service_manager.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <utility>

namespace busbar::daemon {
namespace {

using std::chrono_literals::operator""s;

std::chrono::microseconds watchdog_from_environment() {
  std::uint64_t interval = 0;
  return std::chrono::microseconds(::sd_watchdog_enabled(0, &interval) > 0 ? interval : 0);
}

/// systemd compares it with its own clock to tell this reload from an earlier one.
std::string monotonic_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::to_string(std::chrono::floor<std::chrono::microseconds>(now).count());
}

}  // namespace

ServiceManager::ServiceManager(EventLoop& loop, NotifySocket& socket, Sources sources)
    : sources_(std::move(sources)), socket_(socket) {
  if (!socket_) return;
  status_timer_.emplace(loop, [this] { tell_status(); });
  watchdog_ = watchdog_from_environment();
  if (watchdog_.count() == 0) return;
  watchdog_timer_.emplace(loop, [this] { ping(); });
  watchdog_timer_->every(watchdog_ / 2);
}

void ServiceManager::ready() {
  if (socket_) socket_.send("READY=1\n" + status_line());
}

void ServiceManager::reloading() {
  socket_.send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_now() + "\nSTATUS=reloading");
}

void ServiceManager::stopping() {
  socket_.send("STOPPING=1\nSTATUS=stopping");
}

void ServiceManager::changed() {
  if (!socket_ || std::exchange(status_is_due_, true)) return;
  status_timer_->once(1s);
}

void ServiceManager::tell_status() {
  status_is_due_ = false;
  const std::string before = told_status_;
  const std::string line = status_line();
  if (line != before) socket_.send(line);
}

std::string ServiceManager::status_line() {
  told_status_ = "STATUS=" + sources_.status();
  return told_status_;
}

void ServiceManager::ping() {
  const bool is_starved = sources_.stuck_for() > watchdog_;
  if (is_starved && !starved_) {
    spdlog::error(
        "a channel has been mended for more than {} s: the watchdog is no longer told "
        "that all is well",
        std::chrono::floor<std::chrono::seconds>(watchdog_).count());
  }
  starved_ = is_starved;
  if (!is_starved) socket_.send("WATCHDOG=1");
}

}  // namespace busbar::daemon
