#include "cli/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/exit.hpp"

namespace busbar::cli {
namespace {

constexpr mode_t kNewFile = 0666;

int open_or_throw(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, kNewFile);
  if (fd < 0) throw system_failure(path, errno);
  return fd;
}

}  // namespace

Failure system_failure(const std::string& what, int errno_value) {
  return Failure(what + ": " + std::generic_category().message(errno_value));
}

FileDescriptor FileDescriptor::standard_input() {
  return {STDIN_FILENO, false, "standard input"};
}

FileDescriptor FileDescriptor::standard_output() {
  return {STDOUT_FILENO, false, "standard output"};
}

FileDescriptor FileDescriptor::open_to_read(const std::string& path) {
  return {open_or_throw(path, O_RDONLY), true, path};
}

FileDescriptor FileDescriptor::open_to_write(const std::string& path) {
  return {open_or_throw(path, O_WRONLY | O_CREAT | O_TRUNC), true, path};
}

FileDescriptor::FileDescriptor(int fd, bool owned, std::string name)
    : fd_(fd), owned_(owned), name_(std::move(name)) {}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(std::exchange(other.owned_, false)),
      name_(std::move(other.name_)) {}

FileDescriptor::~FileDescriptor() {
  if (owned_) ::close(fd_);
}

void FileDescriptor::close() {
  if (!std::exchange(owned_, false)) return;
  // EINTR: Linux has closed it all the same.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) throw system_failure(name_, errno);
}

void reserve_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one.
    ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace busbar::cli
