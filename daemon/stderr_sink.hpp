#pragma once

#include "daemon/lossy_sink.hpp"

namespace busbar::daemon {

/// Writes log lines to standard error. Thread-safe.
class StderrSink final : public LossySink {
 protected:
  bool try_write(const spdlog::details::log_msg& message) override;
};

}  // namespace busbar::daemon
