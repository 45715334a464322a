#pragma once

#include <string>

#include "common/base/unique_fd.hpp"
#include "daemon/lossy_sink.hpp"

namespace busbar::daemon {

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

/// Sends log lines to the journal, one datagram each, with the fields that LogFields says and
/// BUSBAR_BUS. libsystemd's own sd_journal_send() would wait while the journal does. A journal that
/// is started anew is found again. Thread-safe.
class JournalSink final : public LossySink {
 public:
  /// Throws Errc::system.
  JournalSink(std::string bus, std::string socket_path = kJournalSocket);

 protected:
  bool try_write(const spdlog::details::log_msg& message) override;

 private:
  std::string bus_;
  std::string path_;
  UniqueFd socket_;
};

}  // namespace busbar::daemon
