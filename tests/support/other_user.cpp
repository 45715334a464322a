#include "tests/support/other_user.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <system_error>

namespace busbar::test {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count <= 0) return;
    done += static_cast<std::size_t>(count);
  }
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; (count = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

[[noreturn]] void child(const std::function<std::string()>& body, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string text;
  try {
    text = body();
  } catch (const std::exception& error) {
    text = std::string("error: ") + error.what();
  }
  write_all(out, text);
  ::_exit(0);
}

}  // namespace

bool can_become_others() {
  return ::geteuid() == 0;
}

void become(const User& user) {
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) throw_errno("setgroups");
  if (::setresgid(user.gid, user.gid, user.gid) != 0) throw_errno("setresgid");
  if (::setresuid(user.uid, user.uid, user.uid) != 0) throw_errno("setresuid");
}

std::string in_child(const std::function<std::string()>& body) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe2");
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) child(body, ends[1]);
  ::close(ends[1]);
  std::string text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) {
    throw std::runtime_error("the child was killed by signal " + std::to_string(WTERMSIG(status)));
  }
  return text;
}

std::string as_user(const User& user, const std::function<std::string()>& body) {
  return in_child([&] {
    become(user);
    return body();
  });
}

}  // namespace busbar::test
