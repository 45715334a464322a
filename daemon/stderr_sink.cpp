#include "daemon/stderr_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace busbar::daemon {
namespace {

// A pipe that poll() calls writable takes so many bytes at once (PIPE_BUF).
constexpr std::size_t kLongestLine = 4096;

bool try_write(std::string_view line) {
  pollfd entry{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&entry, 1, 0) != 1 || (entry.revents & POLLOUT) == 0) return false;
  line = line.substr(0, kLongestLine);
  return ::write(STDERR_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace

void StderrSink::sink_it_(const spdlog::details::log_msg& message) {
  if (dropped_ != 0) {
    const std::string note = fmt::format("({} log lines lost: nobody read them)\n", dropped_);
    if (try_write(note)) dropped_ = 0;
  }
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (dropped_ != 0 || !try_write({line.data(), line.size()})) ++dropped_;
}

}  // namespace busbar::daemon
