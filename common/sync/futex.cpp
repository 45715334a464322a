#include "common/sync/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace busbar::sync {

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds span) noexcept {
  timespec relative{};
  relative.tv_sec = static_cast<time_t>(span.count() / 1'000'000'000);
  relative.tv_nsec = static_cast<long>(span.count() % 1'000'000'000);
  const int saved = errno;
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &relative, nullptr, 0);
  errno = saved;
}

void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept {
  const int saved = errno;
  ::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0);
  errno = saved;
}

}  // namespace busbar::sync
