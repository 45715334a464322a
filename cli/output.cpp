#include "cli/output.hpp"

#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "cli/exit.hpp"
#include "cli/stop_signals.hpp"

namespace busbar::cli {
namespace {

constexpr std::size_t kGathered = 256 * 1024;
// From this size on a copy costs more than a system call.
constexpr std::size_t kLargePiece = 32 * 1024;

FileDescriptor open_output(const std::string& path) {
  if (path.empty() || path == "-") return FileDescriptor::standard_output();
  return FileDescriptor::open_to_write(path);
}

iovec as_iovec(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

Output::Output(const std::string& path)
    : file_(open_output(path)), gathered_(std::make_unique_for_overwrite<std::byte[]>(kGathered)) {}

void Output::append(std::span<const std::byte> piece) {
  if (piece.size() >= kLargePiece) {
    write_all({gathered_.get(), size_}, piece);
    size_ = 0;
    return;
  }
  if (piece.size() > kGathered - size_) flush();
  if (!piece.empty()) std::memcpy(gathered_.get() + size_, piece.data(), piece.size());
  size_ += piece.size();
}

void Output::flush() {
  write_all({gathered_.get(), size_}, {});
  size_ = 0;
}

void Output::finish() {
  flush();
  file_.close();
}

void Output::write_all(std::span<const std::byte> first, std::span<const std::byte> second) {
  while (!first.empty() || !second.empty()) {
    const std::array parts{as_iovec(first), as_iovec(second)};
    const ssize_t wrote = ::writev(file_.get(), parts.data(), static_cast<int>(parts.size()));
    if (wrote >= 0) {
      const auto size = static_cast<std::size_t>(wrote);
      const std::size_t of_first = std::min(size, first.size());
      first = first.subspan(of_first);
      second = second.subspan(size - of_first);
    } else if (errno == EPIPE) {
      throw BrokenPipe{};
    } else if (errno == EAGAIN) {
      StopSignals::wait_for(file_.get(), POLLOUT);
    } else if (errno != EINTR) {
      throw system_failure(file_.name(), errno);
    }
    if (!first.empty() || !second.empty()) StopSignals::check();
  }
}

void print(std::string_view text) {
  Output output;
  output.append(std::as_bytes(std::span(text)));
  output.flush();
}

}  // namespace busbar::cli
