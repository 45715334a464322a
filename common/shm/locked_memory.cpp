#include "common/shm/locked_memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

#include "common/base/rough_size.hpp"

namespace busbar::shm {

std::string lock(const std::byte* at, std::uint64_t bytes) {
  if (::mlock(at, bytes) == 0) return {};
  const int error = errno;
  rlimit limit{};
  const bool limited = ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  if (!limited || (error != ENOMEM && error != EPERM && error != EAGAIN)) {
    return "mlock: " + std::generic_category().message(error);
  }
  return "the broker may lock " + rough_size_text(limit.rlim_cur) +
         " in all; give it more: LimitMEMLOCK= in its unit, or ulimit -l";
}

}  // namespace busbar::shm
