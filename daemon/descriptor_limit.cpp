#include "daemon/descriptor_limit.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>

#include "common/base/unique_fd.hpp"
#include "config/descriptor_need.hpp"

namespace busbar::daemon {

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

void reserve_descriptors(std::uint64_t available, const config::Limits& limits) noexcept {
  const std::uint64_t count = std::min(available, config::descriptor_need(limits));
  if (count == 0) return;
  const UniqueFd any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd last(::fcntl(any.get(), F_DUPFD_CLOEXEC, static_cast<int>(count - 1)));
}

void report_descriptor_limit(std::uint64_t available, const config::Limits& limits) {
  spdlog::info("{} descriptors may be open", available);
  const std::uint64_t needed = config::descriptor_need(limits);
  if (needed <= available) return;
  spdlog::warn(
      "limits.clients {} and limits.channels {} need {} descriptors, {} may be open: with as many, "
      "new clients will have to wait; set LimitNOFILE={} in the unit, raise `ulimit -Hn`, or lower "
      "the limits",
      limits.clients, limits.channels, needed, available, needed);
}

}  // namespace busbar::daemon
