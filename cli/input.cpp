#include "cli/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/exit.hpp"
#include "cli/stop_signals.hpp"

namespace busbar::cli {
namespace {

FileDescriptor open_input(const std::string& path) {
  if (path.empty() || path == "-") return FileDescriptor::standard_input();
  return FileDescriptor::open_to_read(path);
}

std::uint64_t bytes_ahead(int fd, const struct stat& status) {
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  return at < 0 || at >= status.st_size ? 0 : static_cast<std::uint64_t>(status.st_size - at);
}

}  // namespace

Input::Input(const std::string& path) : file_(open_input(path)) {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) throw system_failure(file_.name(), errno);
  regular_ = S_ISREG(status.st_mode);
  if (!regular_) return;
  sure_bytes_ = bytes_ahead(file_.get(), status);
  ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

std::size_t Input::read(std::span<std::byte> to) {
  for (;;) {
    if (regular_) {
      StopSignals::check();
    } else {
      StopSignals::wait_for(file_.get(), POLLIN);
    }
    const ssize_t got = ::read(file_.get(), to.data(), to.size());
    if (got >= 0) {
      const auto size = static_cast<std::size_t>(got);
      sure_bytes_ -= std::min<std::uint64_t>(sure_bytes_, size);
      return size;
    }
    if (errno != EINTR && errno != EAGAIN) throw system_failure(file_.name(), errno);
  }
}

}  // namespace busbar::cli
