#include "tests/support/captured_stream.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

namespace busbar::test {

CapturedStream::~CapturedStream() {
  stop();
}

void CapturedStream::start(int fd) {
  fd_ = fd;
  stop_event_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  ended_ = false;
  thread_ = std::thread([this] { read_all(); });
}

void CapturedStream::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_event_, &one, sizeof one);
  thread_.join();
  ::close(std::exchange(fd_, -1));
  ::close(std::exchange(stop_event_, -1));
}

void CapturedStream::read_all() {
  std::vector<char> buffer(64 * 1024);
  std::array<pollfd, 2> ready{pollfd{fd_, POLLIN, 0}, pollfd{stop_event_, POLLIN, 0}};
  for (;;) {
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    const bool stopped = ready[1].revents != 0;
    const ssize_t got = stopped ? 0 : ::read(fd_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    ended_ = got <= 0;
    if (got > 0) text_.append(buffer.data(), static_cast<std::size_t>(got));
    changed_.notify_all();
    if (ended_) return;
  }
}

std::string CapturedStream::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

bool CapturedStream::wait_for(std::string_view text, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto found = [&] { return text_.find(text) != std::string::npos; };
  changed_.wait_for(lock, limit, [&] { return ended_ || found(); });
  return found();
}

bool CapturedStream::wait_for_end(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return ended_; });
}

}  // namespace busbar::test
