#include "common/shm/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <boost/interprocess/shared_memory_object.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "common/base/error.hpp"
#include "common/base/rough_size.hpp"
#include "common/base/units.hpp"
#include "common/shm/huge_pages.hpp"

namespace busbar::shm {
namespace {

namespace bi = boost::interprocess;

constexpr mode_t kOwnerOnly = 0600;
constexpr const char* kSharedMemory = "/dev/shm";

/// Creates /dev/shm/NAME and hands out a descriptor of our own.
UniqueFd create_named(const std::string& name) {
  try {
    const bi::shared_memory_object object(bi::create_only, name.c_str(), bi::read_write,
                                          bi::permissions(kOwnerOnly));
    UniqueFd fd(::fcntl(object.get_mapping_handle().handle, F_DUPFD_CLOEXEC, 3));
    if (!fd) {
      const int error = errno;
      bi::shared_memory_object::remove(name.c_str());
      throw system_error("shared memory " + name, error);
    }
    return fd;
  } catch (const bi::interprocess_exception& error) {
    throw system_error("shared memory " + name, error.get_native_error());
  }
}

UniqueFd create_sealed(const std::string& name) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // A memfd begins with mode 0777: anybody who got it read-only could reopen it writable.
  if (!fd || ::fchmod(fd.get(), kOwnerOnly) != 0) throw system_error("memfd_create", errno);
  return fd;
}

void seal(int fd) {
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    throw system_error("sealing a memfd", errno);
  }
}

std::optional<std::uint64_t> free_shared_memory() {
  struct statvfs state {};
  if (::statvfs(kSharedMemory, &state) != 0) return std::nullopt;
  return std::uint64_t{state.f_bavail} * state.f_frsize;
}

/// What the machine could still give without killing anybody.
std::optional<std::uint64_t> available_memory() {
  const UniqueFd file(::open("/proc/meminfo", O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0) return std::nullopt;
  constexpr const char* kKey = "MemAvailable:";
  const char* at = std::strstr(text.data(), kKey);
  if (at == nullptr) return std::nullopt;
  return std::strtoull(at + std::strlen(kKey), nullptr, 10) * 1024;
}

Error no_memory(std::uint64_t bytes) {
  const std::string left = rough_size_text(available_memory().value_or(0));
  return Error(Errc::limit, "channel segment of " + size_text(bytes) +
                                " does not fit into memory: " + left +
                                " available; remove channels, lower \"capacity\" or stop other "
                                "programs");
}

Error no_room(Backing backing, std::uint64_t bytes) {
  if (backing == Backing::sealed) return no_memory(bytes);
  const std::string what = "channel segment of " + size_text(bytes) + " does not fit into ";
  const std::string free = rough_size_text(free_shared_memory().value_or(0));
  return Error(Errc::limit, what + kSharedMemory + ": " + free + " free" +
                                "; remove channels, lower \"capacity\" or enlarge it: mount -o "
                                "remount,size=... " +
                                kSharedMemory);
}

void reserve(int fd, Backing backing, std::uint64_t bytes, Pages pages) {
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    throw no_room(backing, bytes);
  }
  // Not by trying alone: that would fill /dev/shm to the brim for everybody before it fails.
  if (backing == Backing::named && bytes > free_shared_memory().value_or(bytes)) {
    throw no_room(backing, bytes);
  }
  // What exceeds memory is given out too, until the kernel kills somebody.
  if (bytes > available_memory().value_or(bytes)) throw no_memory(bytes);
  if (pages == Pages::huge) begin_with_huge_pages(fd, bytes);
  int error = EINTR;
  while (error == EINTR) error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  if (error == ENOSPC || error == ENOMEM || error == EFBIG) throw no_room(backing, bytes);
  if (error != 0) throw system_error("posix_fallocate", error);
}

Error damaged_file(const std::string& name, const char* why) {
  return Error(Errc::damaged, "segment " + name + " " + why);
}

std::uint64_t checked_size(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error("fstat of segment " + name, errno);
  if (!S_ISREG(status.st_mode)) throw damaged_file(name, "is no file");
  if (status.st_uid != ::geteuid()) throw damaged_file(name, "belongs to another user");
  if ((status.st_mode & 07777) != kOwnerOnly) throw damaged_file(name, "is not its owner's alone");
  return static_cast<std::uint64_t>(status.st_size);
}

/// The same object opened again, for reading only.
UniqueFd reopened(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  UniqueFd readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable) throw system_error("opening a segment for reading", errno);
  return readable;
}

}  // namespace

Segment Segment::create(Backing backing, const std::string& name, std::uint64_t bytes,
                        Pages pages) {
  Segment segment(backing, name, bytes);
  const bool named = backing == Backing::named;
  segment.writable_ = named ? create_named(name) : create_sealed(name);
  segment.linked_ = named;
  try {
    reserve(segment.writable_.get(), backing, bytes, pages);
    if (!named) seal(segment.writable_.get());
    segment.readable_ = reopened(segment.writable_.get());
  } catch (...) {
    segment.unlink();
    throw;
  }
  return segment;
}

Segment Segment::open(const std::string& name) {
  const std::string path = std::string(kSharedMemory) + "/" + name;
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
    throw system_error("segment " + name, errno);
  }
  if (!fd)
    throw damaged_file(name, errno == ENOENT ? "is missing" : "cannot be opened by its owner");
  Segment segment(Backing::named, name, checked_size(fd.get(), name));
  segment.linked_ = true;
  segment.readable_ = reopened(fd.get());
  segment.writable_ = std::move(fd);
  return segment;
}

Segment Segment::open(const std::string& name, UniqueFd sealed) {
  if (!sealed) throw damaged_file(name, "is missing: nobody has kept its descriptor");
  Segment segment(Backing::sealed, name, checked_size(sealed.get(), name));
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = ::fcntl(sealed.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) throw damaged_file(name, "has lost its seals");
  segment.readable_ = reopened(sealed.get());
  segment.writable_ = std::move(sealed);
  return segment;
}

bool Segment::rename(const std::string& name) noexcept {
  const std::string folder = std::string(kSharedMemory) + "/";
  if (!linked_ || ::rename((folder + name_).c_str(), (folder + name).c_str()) != 0) return false;
  name_ = name;
  return true;
}

void Segment::unlink() noexcept {
  if (linked_) bi::shared_memory_object::remove(name_.c_str());
  linked_ = false;
}

}  // namespace busbar::shm
