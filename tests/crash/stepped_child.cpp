#include "tests/crash/stepped_child.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace busbar::test {
namespace {

constexpr std::size_t kPage = 4096;

void* shared_page() {
  void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::bad_alloc();
  return page;
}

}  // namespace

SteppedChild::SteppedChild(const std::function<Work()>& prepare)
    : flags_(new (shared_page()) Flags{}), pid_(::fork()) {
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Work work = prepare();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    ::raise(SIGSTOP);
    flags_->begun = true;
    work();
    flags_->over = true;
    for (;;) ::pause();
  }
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status)) {
    pid_ = -1;
    throw std::runtime_error("the child has not come to its work");
  }
  while (!flags_->begun) step_once();
}

SteppedChild::~SteppedChild() {
  kill();
  ::munmap(flags_, kPage);
}

const char* SteppedChild::why_not() {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  return "a sanitizer's own code would be stepped through";
#else
  try {
    SteppedChild child([] { return [] {}; });
    return nullptr;
  } catch (const std::exception&) {
    return "no ptrace here";
  }
#endif
}

void SteppedChild::step_once() {
  int status = 0;
  if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0 ||
      ::waitpid(pid_, &status, 0) != pid_) {
    throw std::system_error(errno, std::generic_category(), "ptrace");
  }
  if (WIFSTOPPED(status)) return;
  pid_ = -1;
  throw std::runtime_error("the child has ended in the midst of its work");
}

bool SteppedChild::step() {
  step_once();
  return !is_over();
}

void SteppedChild::run_until_it_sleeps() {
  ::ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
  const std::string file = "/proc/" + std::to_string(pid_) + "/syscall";
  for (long call = -1; call != SYS_futex;) {
    if (is_over()) throw std::runtime_error("the child did not sleep");
    if (!(std::ifstream(file) >> call)) call = -1;  // "running"
  }
  ::kill(pid_, SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

bool SteppedChild::is_over() const {
  return flags_->over;
}

void SteppedChild::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace busbar::test
