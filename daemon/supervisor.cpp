#include "daemon/supervisor.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/units.hpp"
#include "daemon/broker_process.hpp"
#include "daemon/descriptor_limit.hpp"
#include "daemon/exit_code.hpp"
#include "daemon/handed_over.hpp"
#include "daemon/notification.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kMostKept = 16384;
// What the supervisor has open for itself.
constexpr std::uint64_t kOwnDescriptors = 64;

UniqueFd take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD}) sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw system_error("signalfd", errno);
  return fd;
}

/// At a start each may be there twice.
std::size_t most_kept() {
  const std::uint64_t open = raise_descriptor_limit();
  const std::uint64_t most = open > kOwnDescriptors ? (open - kOwnDescriptors) / 2 : 0;
  return std::min<std::size_t>(most, kMostKept);
}

/// "status 1", "signal 9 (Killed)".
std::string words(int status) {
  if (!WIFSIGNALED(status)) return "status " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Whether it has ended because it should: somebody else has stopped it, or a human has to act.
bool is_final(int status) {
  return WIFEXITED(status) && (WEXITSTATUS(status) == kExitOk || WEXITSTATUS(status) == kExitUsage);
}

}  // namespace

Supervisor::Supervisor(Program program)
    : program_(std::move(program)),
      signals_(take_signals()),
      upstream_(loop_, notify_address()),
      sockets_(take_all_handed_over()),
      kept_(most_kept()),
      restart_timer_(loop_, [this] { start(); }) {
  signal_watch_ = loop_.watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
  socket_watch_ = loop_.watch(socket_.fd(), EPOLLIN, [this](std::uint32_t) { on_messages(); });
}

int Supervisor::run() {
  start();
  loop_.run();
  return exit_code_;
}

void Supervisor::start() {
  if (broker_) return;  // by an upgrade, before its time
  started_at_ = EventLoop::Clock::now();
  try {
    broker_ = start_broker(program_, {sockets_, kept_.all(), socket_.place()});
  } catch (const Error& error) {
    return on_death(std::string("cannot be started: ") + error.what());
  }
  spdlog::info("busbard --supervise: the broker is process {}; descriptors kept for it: {}",
               *broker_, kept_.all().size());
}

void Supervisor::start_in(std::chrono::milliseconds delay) {
  if (delay.count() == 0) return start();
  restart_timer_.once(delay);
}

void Supervisor::on_signal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    switch (info.ssi_signo) {
      case SIGCHLD:
        reap();
        break;
      case SIGHUP:
        if (broker_) ::kill(*broker_, SIGHUP);
        break;
      case SIGUSR2:
        upgrade();
        break;
      default:
        stop(static_cast<int>(info.ssi_signo));
    }
  }
}

void Supervisor::stop(int signal) {
  if (!std::exchange(stopping_, true)) upstream_.send("STOPPING=1");
  if (!broker_) return finish(kExitOk);
  ::kill(*broker_, signal);
}

/// The broker leaves what its members still have, and the next one, of what is installed now, finds
/// it.
void Supervisor::upgrade() {
  if (stopping_) return;
  spdlog::info("busbard --supervise: the broker is replaced (SIGUSR2)");
  if (!broker_) return start();
  upgrading_ = true;
  ::kill(*broker_, SIGTERM);
}

void Supervisor::reap() {
  siginfo_t info{};
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    // What it said last, while its process id is still its own.
    if (info.si_pid == broker_) on_messages();
    int status = 0;
    ::waitpid(info.si_pid, &status, 0);
    if (info.si_pid == broker_) on_end(status);
    info.si_pid = 0;
  }
}

void Supervisor::on_end(int status) {
  const pid_t pid = *std::exchange(broker_, std::nullopt);
  const bool upgrading = std::exchange(upgrading_, false);
  if (stopping_ || (is_final(status) && !upgrading)) {
    spdlog::info("busbard --supervise: the broker (process {}) has ended with {}", pid,
                 words(status));
    return finish(exit_code_of(status));
  }
  if (upgrading) return start();
  on_death("(process " + std::to_string(pid) + ") has ended with " + words(status));
}

void Supervisor::on_death(const std::string& how) {
  const auto delay = delay_.next(EventLoop::Clock::now() - started_at_);
  spdlog::error("busbard --supervise: the broker {}; it is started again {}", how,
                delay.count() == 0 ? "at once" : "in " + duration_text(delay));
  start_in(delay);
}

void Supervisor::on_messages() {
  while (auto message = socket_.next()) {
    if (message->sender == broker_) on_message(std::move(*message));
  }
}

void Supervisor::on_message(SupervisorSocket::Message message) {
  const Notification notification(message.lines);
  if (notification.has("FDSTORE=1")) {
    for (UniqueFd& fd : message.descriptors) {
      kept_.keep(notification.value_of("FDNAME"), std::move(fd));
    }
  } else if (notification.has("FDSTOREREMOVE=1")) {
    kept_.drop(notification.value_of("FDNAME"));
  } else if (!notification.has("STOPPING=1")) {
    upstream_.send(std::move(message.lines));  // of stopping only if this one does
  }
}

void Supervisor::finish(int exit_code) {
  exit_code_ = exit_code;
  loop_.stop();
}

}  // namespace busbar::daemon
