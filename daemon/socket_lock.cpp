#include "daemon/socket_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/base/error.hpp"
#include "daemon/random_hex.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kTokenBytes = 8;
constexpr std::size_t kPidRoom = 20;
constexpr off_t kTokenAt = kPidRoom + 1;

/// The pid that a broker has written into its lock file; not believed, only shown.
std::string pid_in(int file) {
  std::array<char, kPidRoom> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') break;
    digits += c;
  }
  return digits.empty() ? "unknown" : digits;
}

/// What the first broker that took this file has written; nothing if it came not so far.
std::string token_in(int file) {
  std::string token(2 * kTokenBytes, '\0');
  const ssize_t size = ::pread(file, token.data(), token.size(), kTokenAt);
  return size == static_cast<ssize_t>(token.size()) ? token : std::string();
}

/// Whether the path still leads to the file that is open: another broker may have unlinked it
/// between open and lock.
bool is_at(const std::string& path, int file) {
  struct stat by_path {};
  struct stat by_file {};
  return ::lstat(path.c_str(), &by_path) == 0 && ::fstat(file, &by_file) == 0 &&
         by_path.st_dev == by_file.st_dev && by_path.st_ino == by_file.st_ino;
}

}  // namespace

SocketLock::SocketLock(const std::string& socket_path) : path_(socket_path + ".lock") {
  while (!try_take(socket_path)) continue;
  token_ = token_in(file_.get());
  if (token_.empty()) token_ = random_hex(kTokenBytes);
  write_text();
}

SocketLock::~SocketLock() {
  if (!keep_) ::unlink(path_.c_str());
}

bool SocketLock::try_take(const std::string& socket_path) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  file_ = UniqueFd(::open(path_.c_str(), kFlags | O_CREAT | O_EXCL, 0600));
  keep_ = !file_ && errno == EEXIST;
  if (keep_) file_ = UniqueFd(::open(path_.c_str(), kFlags));
  if (keep_ && !file_ && errno == ENOENT) return false;
  if (!file_) throw system_error("lock file " + path_, errno);
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return is_at(path_, file_.get());
  if (errno != EWOULDBLOCK) throw system_error("lock file " + path_, errno);
  throw Error(Errc::in_use, "control socket " + socket_path + " is in use by a broker (pid " +
                                pid_in(file_.get()) +
                                "); use that one, stop it, or give another --socket");
}

/// In one piece, and never shorter: a kill must not cost the token.
void SocketLock::write_text() {
  std::string text = std::to_string(::getpid());
  text.resize(kPidRoom, ' ');
  text += "\n" + token_ + "\n";
  if (::pwrite(file_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    const int error = errno;
    if (!keep_) ::unlink(path_.c_str());
    throw system_error("lock file " + path_, error);
  }
}

std::string SocketLock::identity() const {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) throw system_error("fstat of " + path_, errno);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" + token_;
}

}  // namespace busbar::daemon
