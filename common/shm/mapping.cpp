#include "common/shm/mapping.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "common/base/error.hpp"
#include "common/shm/huge_pages.hpp"

namespace busbar::shm {
namespace {

constexpr int protection(Access access) {
  return access == Access::read_only ? PROT_READ : PROT_READ | PROT_WRITE;
}

void map_fixed(std::byte* where, std::uint64_t bytes, std::uint64_t offset, int fd, Access access,
               Tables tables) {
  const int flags = MAP_SHARED | MAP_FIXED | (tables == Tables::filled ? MAP_POPULATE : 0);
  void* mapped = ::mmap(where, bytes, protection(access), flags, fd, static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) {
    throw system_error("mmap of " + std::to_string(bytes) + " bytes of a segment", errno);
  }
}

/// Reserves addresses, from one on at which the segment's huge pages could be mapped as such.
std::byte* reserve(std::uint64_t bytes) {
  const std::uint64_t slack = bytes < kHugePage ? 0 : kHugePage;
  void* reserved =
      ::mmap(nullptr, bytes + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) {
    throw system_error("mmap of " + std::to_string(bytes) + " bytes", errno);
  }
  auto* const begin = static_cast<std::byte*>(reserved);
  if (slack == 0) return begin;
  const std::uint64_t before = (0 - reinterpret_cast<std::uint64_t>(begin)) % kHugePage;
  if (before != 0) ::munmap(begin, before);
  if (before != slack) ::munmap(begin + before + bytes, slack - before);
  return begin + before;
}

}  // namespace

Mapping Mapping::plain(int fd, std::uint64_t bytes, Access access) {
  Mapping mapping;
  mapping.data_ = reserve(bytes);
  mapping.bytes_ = mapping.mapped_ = bytes;
  map_fixed(mapping.data_, bytes, 0, fd, access, Tables::as_touched);
  return mapping;
}

Mapping Mapping::doubled(int fd, std::uint64_t bytes, std::uint64_t doubled_from, Access access,
                         Tables tables) {
  const std::uint64_t twice = bytes - doubled_from;
  // One reservation first: nobody else can be given an address inside while the parts are mapped.
  Mapping mapping;
  mapping.data_ = reserve(bytes + twice);
  mapping.bytes_ = bytes;
  mapping.mapped_ = bytes + twice;
  map_fixed(mapping.data_, bytes, 0, fd, access, tables);
  map_fixed(mapping.data_ + bytes, twice, doubled_from, fd, access, tables);
  return mapping;
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, mapped_);
}

std::uint64_t segment_size(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error("fstat of a segment", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace busbar::shm
