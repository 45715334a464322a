#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>

namespace busbar::daemon {

/// A log sink that never waits for whoever reads: what cannot be written at once is dropped,
/// counted, and told when there is room again. The main loop logs, and must not stand still because
/// a log reader does. Thread-safe.
class LossySink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  /// False if it would have to wait, or nobody is there.
  virtual bool try_write(const spdlog::details::log_msg& message) = 0;

  void sink_it_(const spdlog::details::log_msg& message) final;
  void flush_() final {}

 private:
  void tell_dropped(spdlog::string_view_t logger);

  std::uint64_t dropped_ = 0;
};

}  // namespace busbar::daemon
