#include "tests/support/forked_client.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <stdexcept>

namespace busbar::test {
namespace {

[[noreturn]] void child(const std::function<void()>& body, int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    body();
    if (::write(ready, "r", 1) == 1) {
      for (;;) ::pause();
    }
  } catch (const std::exception& error) {
    static_cast<void>(
        ::write(STDERR_FILENO, error.what(), std::char_traits<char>::length(error.what())));
  }
  ::_exit(1);
}

}  // namespace

ForkedClient::ForkedClient(const std::function<void()>& body) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  pid_ = ::fork();
  if (pid_ == 0) child(body, ends[1]);
  ::close(ends[1]);
  char byte = 0;
  const bool ready = ::read(ends[0], &byte, 1) == 1;
  ::close(ends[0]);
  if (!ready) {
    kill();
    throw std::runtime_error("the forked client has failed");
  }
}

ForkedClient::~ForkedClient() {
  kill();
}

void ForkedClient::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace busbar::test
