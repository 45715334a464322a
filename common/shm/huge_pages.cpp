#include "common/shm/huge_pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/base/units.hpp"
#include "common/layout/limits.hpp"
#include "common/shm/mapping.hpp"
#include "common/shm/system_file.hpp"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // Linux 6.1; glibc 2.36 does not know it
#endif

namespace busbar::shm {
namespace {

constexpr const char* kSwitch = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";

bool advise(std::byte* at, std::uint64_t bytes) {
  return ::madvise(at, bytes, MADV_COLLAPSE) == 0;
}

/// How many could be had where not all could.
std::uint64_t collapse_each(std::byte* at, std::uint64_t bytes) {
  std::uint64_t done = 0;
  for (std::uint64_t offset = 0; offset < bytes; offset += kHugePage) {
    if (advise(at + offset, kHugePage)) done += kHugePage;
  }
  return done;
}

std::string refused_by_kernel(int error) {
  const std::string now = system_line(kSwitch);
  if (now.empty()) return "this kernel has no huge pages for shared memory";
  if (now.find("[deny]") != std::string::npos) {
    return "shmem_enabled is deny; write \"never\" to it";
  }
  return "the kernel refuses MADV_COLLAPSE (" + std::generic_category().message(error) +
         "); it needs Linux 6.1, and a process that is not kept from them (PR_SET_THP_DISABLE)";
}

}  // namespace

void begin_with_huge_pages(int fd, std::uint64_t bytes) {
  const std::uint64_t whole = bytes / kHugePage * kHugePage;
  if (whole == 0 || ::ftruncate(fd, static_cast<off_t>(bytes)) != 0) return;
  // One small page in each: the kernel fills up what has a beginning, and takes nothing for none.
  for (std::uint64_t offset = 0; offset < whole; offset += kHugePage) {
    if (::posix_fallocate(fd, static_cast<off_t>(offset), layout::kPage) != 0) return;
  }
  const Mapping mapping = Mapping::plain(fd, whole, Access::read_write);
  advise(mapping.data(), whole);
}

HugePages collapse(std::byte* at, std::uint64_t bytes) {
  const std::uint64_t whole = bytes / kHugePage * kHugePage;
  if (whole == 0) return {0, "the segment is smaller than one of " + size_text(kHugePage)};
  if (advise(at, whole)) return {whole, {}};
  const int error = errno;
  // Not for want of memory: it would refuse each of them.
  if (error == EINVAL || error == EPERM || error == ENOSYS) return {0, refused_by_kernel(error)};
  const std::uint64_t done = collapse_each(at, whole);
  if (done == whole) return {done, {}};
  return {done, "the kernel found " + size_text(done) + " of " + size_text(whole) +
                    " in one piece; create the channel early, or write 1 to "
                    "/proc/sys/vm/compact_memory before"};
}

}  // namespace busbar::shm
