#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/channel_plan.hpp"
#include "config/config.hpp"
#include "config/machine.hpp"
#include "config/user_share.hpp"

namespace busbar::config {

/// A user or a group with the name that it has here; empty if none.
struct Account {
  std::uint32_t number = 0;
  std::string name = {};
};

/// Who may do something, besides the broker's own user and root.
struct Allowed {
  bool everybody = false;
  std::vector<Account> users = {}, groups = {};
};

struct ReportedChannel {
  ChannelPlan plan;
  std::uint64_t capacity_asked = 0;  // before it was rounded up to plan.ring.capacity
  std::string segment_asked;         // "auto", "named", "sealed"
  Allowed publish, subscribe;
  std::uint64_t memory = 0;  // bytes, of both segments
};

/// What a configuration means on a machine. A plain value: what the two forms below are made of.
struct ConfigReport {
  std::string file;  // empty: none was given
  Config config;
  Machine machine;
  std::string socket;
  Account user;  // who runs the broker
  Account socket_group;
  Allowed admin;
  std::uint64_t memory_limit = 0;
  UserShare share;                        // of every other user
  ReportedChannel dynamic;                // one that is created by opening it
  std::vector<ReportedChannel> channels;  // the configured ones
  std::uint64_t channels_memory = 0;      // theirs together
  std::uint64_t named_memory = 0;         // as far as it is in /dev/shm
  std::uint64_t descriptors = 0;          // needed at the limits
  std::vector<std::string> errors;        // the broker cannot run so
  std::vector<std::string> warnings;      // it can, and the operator may be surprised
};

/// Asks the name service for the names of numbers. Throws as SettingsResolver does.
ConfigReport config_report(const std::string& file, const Config& config, const Machine& machine);

/// For people.
std::string config_report_text(const ConfigReport& report);

/// One JSON document: sizes in bytes, times in nanoseconds.
std::string config_report_json(const ConfigReport& report);

}  // namespace busbar::config
