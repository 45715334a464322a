#include "daemon/stderr_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

namespace busbar::daemon {
namespace {

// A pipe that poll() calls writable takes so many bytes at once (PIPE_BUF).
constexpr std::size_t kLongestLine = 4096;

}  // namespace

bool StderrSink::try_write(const spdlog::details::log_msg& message) {
  pollfd entry{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&entry, 1, 0) != 1 || (entry.revents & POLLOUT) == 0) return false;
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (line.size() > kLongestLine) {
    line.resize(kLongestLine);
    line[kLongestLine - 1] = '\n';
  }
  return ::write(STDERR_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace busbar::daemon
