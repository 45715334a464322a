#pragma once

#include <string>

namespace busbar::config {

/// What a configuration file holds: a regular file's contents, or what a pipe gives before its end.
/// Reads little more than kLargestConfig, and waits some seconds at most for a pipe. Throws
/// Errc::system (unreadable, no file) or Errc::timed_out.
std::string read_config_file(const std::string& path);

}  // namespace busbar::config
