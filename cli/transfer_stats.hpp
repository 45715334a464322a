#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace busbar::cli {

/// What `--stats` tells. The clock starts with the first message.
class TransferStats {
 public:
  void count(std::size_t size) {
    if (messages_++ == 0) start_ = Clock::now();
    bytes_ += size;
  }

  std::uint64_t messages() const noexcept { return messages_; }

  /// "1000 messages, 65536000 bytes in 0.031 s, 2114.1 MB/s", up to now.
  std::string text() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  Clock::time_point start_{};
};

/// "1 message", "2 messages".
std::string messages_text(std::uint64_t count);

}  // namespace busbar::cli
