#include "cli/transfer_stats.hpp"

#include <array>
#include <cstdio>

namespace busbar::cli {

std::string TransferStats::text() const {
  const std::chrono::duration<double> took =
      messages_ == 0 ? std::chrono::duration<double>::zero() : Clock::now() - start_;
  const double rate = took.count() > 0 ? static_cast<double>(bytes_) / took.count() / 1e6 : 0;
  std::array<char, 96> timing;
  std::snprintf(timing.data(), timing.size(), " bytes in %.3f s, %.1f MB/s", took.count(), rate);
  return messages_text(messages_) + ", " + std::to_string(bytes_) + timing.data();
}

std::string messages_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " message" : " messages");
}

}  // namespace busbar::cli
