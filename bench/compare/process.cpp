#include "process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

namespace compare {
namespace {

pid_t fork_child() {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child;
}

}  // namespace

Process::Process(const std::function<void()>& work,
                 const std::function<void(const char*)>& complain)
    : pid_(fork_child()) {
  if (pid_ != 0) return;
  int status = 0;
  try {
    work();
  } catch (const std::exception& error) {
    complain(error.what());
    status = 1;
  }
  std::exit(status);  // libraries sign off with their daemons then
}

Process::Process(const std::vector<std::string>& argv) : pid_(fork_child()) {
  if (pid_ != 0) return;
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2}) ::dup2(nothing, stream);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ended_(other.ended_), status_(other.status_) {}

Process::~Process() {
  if (pid_ <= 0 || ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Process::has_ended() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

void Process::terminate() {
  if (ended_) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, &status_, 0);
  ended_ = true;
}

}  // namespace compare
