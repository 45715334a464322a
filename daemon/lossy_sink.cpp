#include "daemon/lossy_sink.hpp"

#include <string>

namespace busbar::daemon {

void LossySink::sink_it_(const spdlog::details::log_msg& message) {
  if (dropped_ != 0) tell_dropped(message.logger_name);
  if (dropped_ != 0 || !try_write(message)) ++dropped_;
}

void LossySink::tell_dropped(spdlog::string_view_t logger) {
  const std::string text = fmt::format("({} log lines lost: nobody read them)", dropped_);
  if (try_write({logger, spdlog::level::warn, text})) dropped_ = 0;
}

}  // namespace busbar::daemon
