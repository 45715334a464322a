#include "config/config_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "common/base/deadline.hpp"
#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"
#include "config/config_node.hpp"

namespace busbar::config {
namespace {

constexpr std::chrono::seconds kPatience{10};

std::string trouble(const std::string& path) {
  return "cannot read configuration " + path;
}

/// Non-blocking, because a pipe that nobody writes to would hold up the opening.
UniqueFd open_file(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) throw system_error(trouble(path), errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw system_error(trouble(path), errno);
  if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)) return file;
  throw Error(Errc::system, trouble(path) + ": it is " +
                                (S_ISDIR(status.st_mode) ? "a directory" : "a device") +
                                "; give a file or a pipe");
}

void wait_for(const UniqueFd& file, const Deadline& deadline, const std::string& path) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::duration_cast<milliseconds>(deadline.left(kPatience));
  pollfd entry{file.get(), POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(left.count())) != 0) return;
  throw Error(Errc::timed_out, trouble(path) + ": whoever writes into this pipe does not end");
}

}  // namespace

std::string read_config_file(const std::string& path) {
  const UniqueFd file = open_file(path);
  const Deadline deadline = Deadline::after(kPatience);
  std::string text;
  std::array<char, 65536> piece;
  while (text.size() <= kLargestConfig) {
    const auto got = ::read(file.get(), piece.data(), piece.size());
    if (got == 0) break;
    if (got > 0) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    } else if (errno == EAGAIN) {
      wait_for(file, deadline, path);
    } else if (errno != EINTR) {
      throw system_error(trouble(path), errno);
    }
  }
  return text;
}

}  // namespace busbar::config
