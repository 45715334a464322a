#include "daemon/broker_process.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/base/error.hpp"

extern char** environ;

namespace busbar::daemon {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr const char* kOldProgram = "/proc/self/exe";
constexpr std::string_view kPidToBe = "          ";  // overwritten in the child

std::string name_of(std::string_view variable) {
  return std::string(variable.substr(0, variable.find('=')));
}

/// Whether systemd watches this process, which tells it what the broker says.
bool is_watched() {
  const char* pid = std::getenv("WATCHDOG_PID");
  return pid == nullptr || pid == std::to_string(::getpid());
}

bool is_replaced(const std::string& name) {
  static constexpr std::array kNames{"LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES",
                                     "NOTIFY_SOCKET", "WATCHDOG_PID", "BUSBAR_FDSTORE"};
  if (name == "WATCHDOG_USEC") return !is_watched();
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<std::string> environment_of(const std::string& names, std::size_t count) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_replaced(name_of(*variable))) result.emplace_back(*variable);
  }
  result.push_back("NOTIFY_SOCKET=/proc/self/fd/" +
                   std::to_string(kFirst + static_cast<int>(count)));
  result.push_back("BUSBAR_FDSTORE=1");
  result.push_back("WATCHDOG_PID=" + std::string(kPidToBe));
  if (count == 0) return result;
  result.push_back("LISTEN_PID=" + std::string(kPidToBe));
  result.push_back("LISTEN_FDS=" + std::to_string(count));
  result.push_back("LISTEN_FDNAMES=" + names);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Made before the fork: behind it only what may be called in a signal handler.
struct Start {
  const char* path;
  char* const* arguments;
  char* const* variables;
  std::vector<int> descriptors;  // to become kFirst and those behind it
};

/// Out of the way of what is to come to their places.
bool move_away(std::vector<int>& descriptors) {
  const int end = kFirst + static_cast<int>(descriptors.size());
  for (int& fd : descriptors) {
    if (fd < end) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, end);
    if (fd < 0) return false;
  }
  return true;
}

bool put_in_place(const std::vector<int>& descriptors) {
  int place = kFirst;
  for (const int fd : descriptors) {
    if (::dup2(fd, place++) < 0) return false;
  }
  return true;
}

void write_pid(char* const* variables) {
  for (; *variables != nullptr; ++variables) {
    char* const value = std::strchr(*variables, '=') + 1;
    if (value != kPidToBe) continue;
    *std::to_chars(value, value + kPidToBe.size(), ::getpid()).ptr = '\0';
  }
}

[[noreturn]] void become(Start& start) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGUSR2}) sigaddset(&set, signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  write_pid(start.variables);
  if (move_away(start.descriptors) && put_in_place(start.descriptors)) {
    ::execve(start.path, start.arguments, start.variables);
    ::execve(kOldProgram, start.arguments, start.variables);
  }
  const char* const words = std::strerror(errno);
  for (const char* part : {"busbard cannot be started: ", words, "\n"}) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, part, std::strlen(part));
  }
  ::_exit(127);
}

struct Descriptors {
  std::vector<int> numbers;
  std::string names;
};

Descriptors descriptors_of(const Inheritance& inheritance) {
  Descriptors result;
  const auto add = [&](const std::string& name, const UniqueFd& fd) {
    if (!result.numbers.empty()) result.names += ':';
    result.names += name;
    result.numbers.push_back(fd.get());
  };
  for (const auto& [name, fd] : inheritance.sockets) add(name, fd);
  for (const auto& [name, fd] : inheritance.stored) add(name, fd);
  return result;
}

}  // namespace

pid_t start_broker(const Program& program, const Inheritance& inheritance) {
  Descriptors descriptors = descriptors_of(inheritance);
  auto variables = environment_of(descriptors.names, descriptors.numbers.size());
  auto arguments = program.arguments;
  const auto argument_pointers = pointers_to(arguments);
  const auto variable_pointers = pointers_to(variables);
  descriptors.numbers.push_back(inheritance.notify_place);
  Start start{program.path.c_str(), argument_pointers.data(), variable_pointers.data(),
              std::move(descriptors.numbers)};
  if (::access(start.path, X_OK) != 0) {
    spdlog::warn("{}: {}; the program that was started from there is started again", program.path,
                 std::strerror(errno));
  }
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error("fork", errno);
  if (pid == 0) become(start);
  return pid;
}

}  // namespace busbar::daemon
