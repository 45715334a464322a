#pragma once

#include <string>

#include "daemon/journal_sink.hpp"

namespace busbar::daemon {

/// The levels that may be asked for, for messages to people.
inline constexpr const char* kLogLevels = "trace, debug, info, warn, error, off";
inline constexpr const char* kLogTargets = "auto, stderr, journal";

bool is_log_level(const std::string& level);
bool is_log_target(const std::string& target);

struct LogSettings {
  std::string level = "info";
  /// "stderr", "journal", or "auto": the journal if standard error goes there anyway.
  std::string target = "stderr";
  std::string bus = {};
  std::string journal_socket = kJournalSocket;
};

/// Whether the log goes to the journal by these: it is wanted there, and a journal is there.
bool goes_to_journal(const LogSettings& settings);

/// Logs from this level on, there; may be called again. Where no journal is, to standard error.
/// Main thread only, as all logging is.
void set_up_log(const LogSettings& settings);

}  // namespace busbar::daemon
