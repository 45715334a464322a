#include "daemon/health.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {
namespace {

/// The second number of statm: pages that are in memory.
std::uint64_t resident_bytes() {
  const UniqueFd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text{};
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  char* second = nullptr;
  std::strtoull(text.data(), &second, 10);
  const std::uint64_t pages = std::strtoull(second, nullptr, 10);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// The folder's size is their number since Linux 6.2, and 0 before: walking it would take a
/// millisecond for a thousand.
std::uint64_t open_descriptors() {
  struct stat status {};
  return ::stat("/proc/self/fd", &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t number(std::chrono::microseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

}  // namespace

void Health::tell(control::BrokerReport& report) const {
  using std::chrono::milliseconds;
  const auto uptime = std::chrono::duration_cast<milliseconds>(Clock::now() - began_);
  report.uptime_ms = static_cast<std::uint64_t>(uptime.count());
  report.resident = resident_bytes();
  report.descriptors = open_descriptors();
  report.loop_turns = turns_.count();
  report.loop_p99_us = number(turns_.percentile(0.99));
  report.loop_max_us = number(turns_.max());
}

}  // namespace busbar::daemon
