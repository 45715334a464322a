#pragma once

#include <cstdint>
#include <string>

#include "common/control/messages.hpp"
#include "common/ring/format.hpp"

namespace busbar::config {

/// Makes a channel's settings complete: what is given, else the configured default, else the
/// built-in one. Immutable, so any thread may use it.
class SettingsResolver {
 public:
  explicit SettingsResolver(control::ChannelSettings defaults) : defaults_(std::move(defaults)) {}

  /// channel_id is left 0. Throws Errc::invalid_argument or invalid_name with what was given, the
  /// limit and the remedy.
  ring::Settings resolve(const std::string& channel, const control::ChannelSettings& given) const;

 private:
  control::ChannelSettings defaults_;
};

/// What `wanted` has otherwise than `existing`, in words ("capacity is 4MiB, not 8MiB; ..."); empty
/// if nothing.
std::string difference(const ring::Settings& existing, const ring::Settings& wanted);

/// The words of configuration and protocol.
std::string when_full_text(layout::WhenFull when_full);
std::string fence_rule_text(layout::FenceRule rule);

}  // namespace busbar::config
