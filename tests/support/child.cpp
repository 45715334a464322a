#include "tests/support/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace busbar::test {
namespace {

/// A parent that has died before the child asked for its signal would never be told of.
void die_with_parent(int lifeline) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd parent{lifeline, 0, 0};
  if (::poll(&parent, 1, 0) != 0) ::_exit(1);
  ::close(lifeline);
}

[[noreturn]] void run(const std::function<void()>& body, int lifeline) {
  die_with_parent(lifeline);
  try {
    body();
    ::_exit(0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(1);
}

}  // namespace

Child::Child(const std::function<void()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  const UniqueFd childs(ends[0]);
  lifeline_ = UniqueFd(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ != 0) return;
  lifeline_.reset();
  run(body, childs.get());
}

Child::Child(Child&& other) noexcept
    : lifeline_(std::move(other.lifeline_)), pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) const {
  ::kill(pid_, number);
}

bool Child::stops() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED) == 0;
}

bool Child::ends() {
  int status = 0;
  const pid_t pid = std::exchange(pid_, -1);
  return ::waitpid(pid, &status, 0) == pid && status == 0;
}

bool Child::polls() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/syscall");
  long call = -1;
  file >> call;
#ifdef SYS_poll
  if (call == SYS_poll) return true;
#endif
  return call == SYS_ppoll;
}

}  // namespace busbar::test
