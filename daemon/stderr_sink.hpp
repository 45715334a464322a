#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>

namespace busbar::daemon {

/// Writes log lines to standard error and never waits for whoever reads them: what a full pipe does
/// not take is dropped, counted, and told when there is room again. The main loop logs, and must
/// not stand still because a log reader does. Thread-safe.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  std::uint64_t dropped_ = 0;
};

}  // namespace busbar::daemon
