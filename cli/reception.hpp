#pragma once

#include <busbar/subscriber.hpp>
#include <chrono>
#include <cstdint>
#include <optional>

#include "cli/message_writer.hpp"
#include "cli/output.hpp"

namespace busbar::cli {

/// Why `sub` stopped.
enum class Ending : std::uint8_t { count, timeout, interrupted, ended, closed, evicted };

/// Takes messages from a subscriber and writes them until something ends it.
class Reception {
 public:
  struct Limits {
    std::optional<std::uint64_t> count;
    std::optional<std::chrono::nanoseconds> timeout;  // without a message
  };

  Reception(Subscriber& subscriber, Output& output, MessageWriter& writer, Limits limits) noexcept
      : subscriber_(subscriber), output_(output), writer_(writer), limits_(limits) {}

  /// Whatever was received is flushed before it waits and before it returns. Throws as Output.
  Ending run();

 private:
  std::optional<Ending> take_waiting();
  std::optional<Ending> wait_for_one();
  void take(const Message& message);
  bool has_count() const;
  int batch_size() const;

  Subscriber& subscriber_;
  Output& output_;
  MessageWriter& writer_;
  Limits limits_;
  std::size_t largest_ = 1;  // message so far
};

}  // namespace busbar::cli
