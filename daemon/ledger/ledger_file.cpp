#include "daemon/ledger/ledger_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

constexpr mode_t kOwnerOnly = 0600;

std::string path_of(const std::string& name) {
  return "/dev/shm/" + name;
}

/// Killed between making it and giving it its length.
bool is_unfinished(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
         status.st_uid == ::geteuid();
}

void require_own(int fd, const std::string& path, std::uint64_t bytes) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error("fstat of " + path, errno);
  const char* wrong = nullptr;
  if (!S_ISREG(status.st_mode)) wrong = "is no file";
  if (status.st_uid != ::geteuid()) wrong = "belongs to another user";
  if ((status.st_mode & 07777) != kOwnerOnly) wrong = "is not its owner's alone";
  if (status.st_size != static_cast<off_t>(bytes)) wrong = "has another length than a ledger";
  if (wrong != nullptr) throw Error(Errc::damaged, path + " " + wrong);
}

}  // namespace

LedgerFile::LedgerFile(std::string name, UniqueFd fd, std::uint64_t bytes)
    : name_(std::move(name)),
      fd_(std::move(fd)),
      mapping_(shm::Mapping::plain(fd_.get(), bytes, shm::Access::read_write)) {}

std::optional<LedgerFile> LedgerFile::open(const std::string& name, std::uint64_t bytes) {
  const std::string path = path_of(name);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd && (errno == ELOOP || errno == EACCES || errno == EISDIR)) {
    throw Error(Errc::damaged, path + " is no ledger of this user");
  }
  if (!fd) throw system_error(path, errno);
  if (is_unfinished(fd.get())) {
    ::unlink(path.c_str());
    return std::nullopt;
  }
  require_own(fd.get(), path, bytes);
  return LedgerFile(name, std::move(fd), bytes);
}

LedgerFile LedgerFile::create(const std::string& name, std::uint64_t bytes) {
  const std::string path = path_of(name);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!fd) throw system_error(path, errno);
  if (::fchmod(fd.get(), kOwnerOnly) != 0 ||
      ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    throw system_error(path, error);
  }
  return LedgerFile(name, std::move(fd), bytes);
}

void LedgerFile::reserve(std::uint64_t offset, std::uint64_t bytes) {
  int error = EINTR;
  while (error == EINTR) {
    error = ::posix_fallocate(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes));
  }
  if (error == ENOSPC || error == ENOMEM) {
    throw Error(Errc::limit,
                "the broker's ledger " + path_of(name_) +
                    " cannot grow: no memory is left in /dev/shm; remove channels or enlarge it");
  }
  if (error != 0) throw system_error(path_of(name_), error);
}

void LedgerFile::unlink() noexcept {
  ::unlink(path_of(name_).c_str());
}

}  // namespace busbar::daemon
