#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "common/base/unique_fd.hpp"
#include "tests/support/captured_stream.hpp"
#include "tests/support/no_membarrier.hpp"

extern char** environ;

namespace busbar::test {
namespace {

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Both ends of a pipe, or a file and nothing; closed when it goes.
struct Ends {
  int childs = -1;
  int ours = -1;

  Ends() = default;
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    close(childs);
    close(ours);
  }

  static void close(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  void open(const std::string& path, int flags) {
    childs = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (childs < 0) throw_errno(path);
  }
  void pipe(bool child_reads) {
    std::array<int, 2> fds;
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw_errno("pipe2");
    childs = fds[child_reads ? 0 : 1];
    ours = fds[child_reads ? 1 : 0];
  }
};

std::vector<std::string> make_environment(const std::vector<std::string>& changes) {
  std::vector<std::string> variables;
  const auto is_changed = [&](std::string_view variable) {
    const auto name = variable.substr(0, variable.find('='));
    return std::any_of(changes.begin(), changes.end(), [&](std::string_view change) {
      return change.substr(0, change.find('=')) == name;
    });
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_changed(*variable)) variables.emplace_back(*variable);
  }
  for (const std::string& change : changes) {
    if (change.find('=') != std::string::npos) variables.push_back(change);
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child needs, made before the fork: behind it, it may not allocate.
struct Child {
  std::array<int, 3> streams;
  const char* directory;
  pid_t parent;
  int membarrier_error;
  char* const* argv;
  char* const* variables;
  int failure;  // a pipe for errno if it cannot be started
  const std::vector<UniqueFd>& descriptors;
};

/// A duplicate where none of the `count` is that a child is to have.
int moved_away(int fd, std::size_t count) {
  return ::fcntl(fd, F_DUPFD_CLOEXEC, 100 + static_cast<int>(count));
}

bool hand_over(const std::vector<UniqueFd>& descriptors) {
  int next = 3;
  for (const UniqueFd& descriptor : descriptors) {
    if (::dup2(descriptor.get(), next++) < 0) return false;
  }
  return true;
}

[[noreturn]] void become(const Child& child) {
  const int failure = moved_away(child.failure, child.descriptors.size());
  bool fine = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == child.parent;
  for (int fd = 0; fine && fd < 3; ++fd) {
    fine = ::dup2(child.streams[static_cast<std::size_t>(fd)], fd) >= 0;
  }
  if (fine && child.directory != nullptr) fine = ::chdir(child.directory) == 0;
  if (fine && child.membarrier_error != 0) fine = refuse_membarrier(child.membarrier_error);
  fine = fine && hand_over(child.descriptors);
  std::signal(SIGPIPE, SIG_DFL);
  if (fine) ::execvpe(child.argv[0], child.argv, child.variables);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &error, sizeof error);
  ::_exit(127);
}

pid_t spawn(const Child& child, Ends& failure, const std::string& name) {
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) become(child);
  Ends::close(failure.childs);
  int error = 0;
  if (::read(failure.ours, &error, sizeof error) != sizeof error) return pid;
  ::waitpid(pid, nullptr, 0);
  errno = error;
  throw_errno(name);
}

}  // namespace

struct Process::State {
  pid_t pid = -1;
  int pidfd = -1;
  int stdin_fd = -1;
  std::optional<int> status = {};
  CapturedStream out = {};
  CapturedStream err = {};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    Ends::close(stdin_fd);
    if (pid >= 0 && !status) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    Ends::close(pidfd);
  }
};

Process::Process(const std::vector<std::string>& argv) : Process(argv, Options{}) {}

Process::Process(const std::vector<std::string>& argv, const Options& options)
    : state_(std::make_unique<State>()) {
  std::signal(SIGPIPE, SIG_IGN);
  Ends in;
  Ends out;
  Ends err;
  Ends failure;
  if (options.stdin_pipe) {
    in.pipe(true);
  } else {
    in.open(options.stdin_file.empty() ? "/dev/null" : options.stdin_file, O_RDONLY);
  }
  const auto open_output = [](Ends& ends, const std::string& file) {
    file.empty() ? ends.pipe(false) : ends.open(file, O_WRONLY | O_CREAT | O_TRUNC);
  };
  open_output(out, options.stdout_file);
  open_output(err, options.stderr_file);
  failure.pipe(false);
  auto words = argv;
  auto variables = make_environment(options.environment);
  const auto word_pointers = pointers_to(words);
  const auto variable_pointers = pointers_to(variables);
  const char* directory =
      options.working_directory.empty() ? nullptr : options.working_directory.c_str();
  std::vector<UniqueFd> descriptors;
  for (const int fd : options.descriptors) {
    descriptors.emplace_back(moved_away(fd, options.descriptors.size()));
  }
  const Child child{{in.childs, out.childs, err.childs},
                    directory,
                    ::getpid(),
                    options.membarrier_error,
                    word_pointers.data(),
                    variable_pointers.data(),
                    failure.childs,
                    descriptors};
  state_->pid = spawn(child, failure, argv.at(0));
  state_->pidfd = static_cast<int>(::syscall(SYS_pidfd_open, state_->pid, 0));
  if (state_->pidfd < 0) throw_errno("pidfd_open");
  state_->stdin_fd = std::exchange(in.ours, -1);
  if (out.ours >= 0) state_->out.start(std::exchange(out.ours, -1));
  if (err.ours >= 0) state_->err.start(std::exchange(err.ours, -1));
}

Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

pid_t Process::pid() const noexcept {
  return state_->pid;
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  if (state_->status) return state_->status;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  pollfd ended{state_->pidfd, POLLIN, 0};
  int ready = 0;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return std::nullopt;
  int status = 0;
  if (::waitpid(state_->pid, &status, 0) < 0) throw_errno("waitpid");
  state_->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  // A grandchild may keep the pipes open: then what has come so far must do.
  state_->out.wait_for_end(std::chrono::seconds(2));
  state_->err.wait_for_end(std::chrono::seconds(2));
  return state_->status;
}

bool Process::running() {
  return !wait(std::chrono::milliseconds::zero()).has_value();
}

void Process::kill(int signal) {
  if (!state_->status) ::kill(state_->pid, signal);
}

void Process::write_stdin(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(state_->stdin_fd, bytes.data(), bytes.size());
    if (wrote >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR) {
      throw_errno("write to a process");
    }
  }
}

void Process::close_stdin() {
  Ends::close(state_->stdin_fd);
}

std::string Process::stdout_text() const {
  return state_->out.text();
}
std::string Process::stderr_text() const {
  return state_->err.text();
}

bool Process::wait_for_stdout(std::string_view text, std::chrono::milliseconds limit) {
  return state_->out.wait_for(text, limit);
}

bool Process::wait_for_stderr(std::string_view text, std::chrono::milliseconds limit) {
  return state_->err.wait_for(text, limit);
}

void Process::close_stdout() {
  state_->out.stop();
}

Ran run(const std::vector<std::string>& argv, std::string_view input) {
  Process process(argv, {.stdin_pipe = true});
  process.write_stdin(input);
  process.close_stdin();
  const auto status = process.wait();
  if (!status) {
    throw std::runtime_error(argv.at(0) + " does not end; it says: " + process.stderr_text());
  }
  return {*status, process.stdout_text(), process.stderr_text()};
}

}  // namespace busbar::test
