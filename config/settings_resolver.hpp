#pragma once

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/control/messages.hpp"
#include "config/channel_plan.hpp"

namespace busbar::config {

/// Makes a channel's settings complete: what is given, else the configured default, else the
/// built-in one. Immutable, so any thread may use it.
class SettingsResolver {
 public:
  /// `own`: the broker's user, who needs no list.
  explicit SettingsResolver(control::ChannelSettings defaults, std::uint32_t own = ::geteuid())
      : defaults_(std::move(defaults)), own_(own) {}

  /// channel_id is left 0. Throws Errc::invalid_argument or invalid_name with what was given, the
  /// limit and the remedy.
  ChannelPlan resolve(const std::string& channel, const control::ChannelSettings& given) const;

 private:
  control::ChannelSettings defaults_;
  std::uint32_t own_;
};

/// What `wanted` has otherwise than `existing`, in words ("capacity is 4MiB, not 8MiB; ..."); empty
/// if nothing.
std::string difference(const ChannelPlan& existing, const ChannelPlan& wanted);

/// What has to change to make one of the other ("capacity 4MiB -> 8MiB; ..."); empty if nothing.
/// Fixed is what cannot be changed while the channel exists: all but who may use it.
std::string fixed_change(const ChannelPlan& existing, const ChannelPlan& wanted);
std::string access_change(const ChannelPlan& existing, const ChannelPlan& wanted);

/// The words of configuration and protocol.
std::string when_full_text(layout::WhenFull when_full);
std::string fence_rule_text(layout::FenceRule rule);
std::string backing_text(shm::Backing backing);
std::string huge_pages_text(bool wanted);
std::string numa_node_text(std::optional<std::uint32_t> node);

}  // namespace busbar::config
