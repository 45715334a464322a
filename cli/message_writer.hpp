#pragma once

#include <busbar/message.hpp>
#include <cstdint>

#include "cli/output.hpp"
#include "cli/transfer_stats.hpp"

namespace busbar::cli {

/// How `sub` tells messages apart in its output.
enum class Framing : std::uint8_t {
  lines,            // a newline behind each
  raw,              // nothing
  length_prefixed,  // 4 bytes of length before each
};

/// Writes messages to an Output and counts them.
class MessageWriter {
 public:
  MessageWriter(Output& output, Framing framing) noexcept : output_(output), framing_(framing) {}

  /// Throws as Output::append, and Failure for a message too long for its length prefix.
  void write(const Message& message);

  const TransferStats& stats() const noexcept { return stats_; }

 private:
  void write_length(std::size_t size);

  Output& output_;
  Framing framing_;
  TransferStats stats_;
};

}  // namespace busbar::cli
