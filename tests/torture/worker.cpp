#include "tests/torture/worker.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <system_error>

namespace busbar::torture {
namespace {

[[noreturn]] void work(const Run& run, const Post& post, std::uint32_t self) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpriority(PRIO_PROCESS, 0, 5);  // who kills and replaces comes first
  int status = 0;
  try {
    post.role == Role::publisher ? publish(run, post, self) : subscribe(run, post, self);
    run.account.workers[post.worker].step = Step::done;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "torture: worker %u (channel %u): %s\n", post.worker, post.channel,
                 error.what());
    status = 1;
  }
  ::_exit(status);
}

}  // namespace

Worker::Worker(const Run& run, const Post& post) : run_(&run), post_(post) {}

void Worker::start() {
  std::uint32_t self = ++incarnation_;
  if (is_publisher()) {
    self = run_->account.channels[post_.channel].publishers.fetch_add(1);
    if (self >= kMostIncarnations) throw std::runtime_error("too many publishers for the account");
  }
  account().joined = false;
  account().step = Step::starts;
  account().incarnation = incarnation_;
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) work(*run_, post_, self);
}

void Worker::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Worker::has_ended(bool& well) {
  int status = 0;
  if (!running() || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  well = status == 0;
  return true;
}

}  // namespace busbar::torture
