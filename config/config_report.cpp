#include "config/config_report.hpp"

#include <algorithm>
#include <set>

#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"
#include "config/access.hpp"
#include "config/account_names.hpp"
#include "config/descriptor_need.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::config {
namespace {

// Connecting to a socket takes the right to write.
constexpr mode_t kGroupConnects = 0020;
constexpr mode_t kOthersConnect = 0002;
constexpr const char* kDynamicName = "dynamic";

Account user_account(std::uint32_t number) {
  return {number, user_name(number).value_or("")};
}

Account group_account(std::uint32_t number) {
  return {number, group_name(number).value_or("")};
}

std::string words(const Account& account) {
  return account.name.empty() ? std::to_string(account.number) : busbar::quoted(account.name);
}

Allowed allowed(const control::Access& access) {
  Allowed who{.everybody = access.everybody};
  for (const std::uint32_t user : access.users) who.users.push_back(user_account(user));
  for (const std::uint32_t group : access.groups) who.groups.push_back(group_account(group));
  return who;
}

/// Fills a report part by part.
class Reporter {
 public:
  Reporter(const std::string& file, const Config& config, const Machine& machine)
      : resolver_(config.defaults, machine.user) {
    report_.file = file;
    report_.config = config;
    report_.machine = machine;
  }

  ConfigReport run() {
    describe_broker();
    describe_channels();
    judge_memory();
    judge_connecting();
    judge_descriptors();
    return std::move(report_);
  }

 private:
  const Config& config() const { return report_.config; }
  const Machine& machine() const { return report_.machine; }
  void error(const std::string& text) { report_.errors.push_back(text); }
  void warn(const std::string& text) { report_.warnings.push_back(text); }

  void describe_broker() {
    report_.socket = config().socket.empty() ? machine().socket : config().socket;
    report_.user = user_account(machine().user);
    report_.socket_group = group_account(config().socket_group.value_or(machine().group));
    report_.admin = allowed(config().admin);
    report_.memory_limit =
        config().limits.memory.value_or(std::min(machine().memory, machine().shared_memory) / 2);
    report_.share = user_share(config().limits, report_.memory_limit);
    report_.descriptors = descriptor_need(config().limits);
  }

  ReportedChannel describe(const std::string& name, const control::ChannelSettings& given) const {
    const control::ChannelSettings& defaults = config().defaults;
    ReportedChannel channel;
    channel.plan = resolver_.resolve(name, given);
    const ring::Settings& ring = channel.plan.ring;
    channel.capacity_asked = given.capacity.value_or(defaults.capacity.value_or(ring.capacity));
    channel.segment_asked = given.segment.value_or(defaults.segment.value_or("auto"));
    channel.publish = allowed(channel.plan.publish);
    channel.subscribe = allowed(channel.plan.subscribe);
    channel.memory = ring::ring_bytes(ring) + ring::seats_bytes(ring);
    return channel;
  }

  void describe_channels() {
    report_.dynamic = describe(kDynamicName, {});
    for (const ConfiguredChannel& configured : config().channels) {
      report_.channels.push_back(describe(configured.name, configured.settings));
      const ReportedChannel& channel = report_.channels.back();
      report_.channels_memory += channel.memory;
      if (channel.plan.backing == shm::Backing::named) report_.named_memory += channel.memory;
    }
  }

  void judge_memory() {
    const std::string total = rough_size_text(report_.channels_memory);
    if (report_.channels_memory > report_.memory_limit) {
      error("the configured channels take " + total + ", more than limits.memory (" +
            rough_size_text(report_.memory_limit) + "); lower their capacities or raise it");
    } else if (report_.channels_memory > machine().memory) {
      error("the configured channels take " + total + ", and this machine has " +
            rough_size_text(machine().memory) + "; lower their capacities");
    } else if (report_.named_memory > machine().shared_memory) {
      error("the configured channels take " + rough_size_text(report_.named_memory) +
            " of /dev/shm, which has " + rough_size_text(machine().shared_memory) +
            "; lower their capacities or mount it with a larger size");
    } else if (report_.named_memory > machine().free_shared_memory) {
      warn("the configured channels take " + rough_size_text(report_.named_memory) +
           " of /dev/shm, of which " + rough_size_text(machine().free_shared_memory) +
           " are free now");
    }
    if (report_.memory_limit > machine().memory) {
      warn("limits.memory (" + rough_size_text(report_.memory_limit) +
           ") is more than this machine has (" + rough_size_text(machine().memory) +
           "): channels fail before it is reached");
    }
    if (report_.share.memory > report_.memory_limit) {
      warn("limits.per_user.memory (" + rough_size_text(report_.share.memory) +
           ") is more than all may have together (limits.memory is " +
           rough_size_text(report_.memory_limit) + "): it limits nobody; lower it");
    }
  }

  bool admits_others(const ChannelPlan& plan) const {
    return config::admits_others(plan.publish, machine().user) ||
           config::admits_others(plan.subscribe, machine().user);
  }

  /// Lists are of no use to who cannot connect.
  void judge_connecting() {
    if ((config().socket_mode & kOthersConnect) != 0) return;
    std::vector<const control::Access*> lists{&config().admin, &report_.dynamic.plan.publish,
                                              &report_.dynamic.plan.subscribe};
    for (const ReportedChannel& channel : report_.channels) {
      lists.push_back(&channel.plan.publish);
      lists.push_back(&channel.plan.subscribe);
    }
    if ((config().socket_mode & kGroupConnects) != 0) return judge_membership(lists);
    const bool wanted = std::any_of(lists.begin(), lists.end(), [this](const auto* list) {
      return config::admits_others(*list, machine().user);
    });
    if (!wanted) return;
    warn(
        "there are lists for others than the broker's own user, but the socket's mode lets none of "
        "them connect; set bus.socket_mode to \"0660\" and bus.socket_group, or to \"0666\"");
  }

  void judge_membership(const std::vector<const control::Access*>& lists) {
    std::set<std::uint32_t> users;
    for (const control::Access* list : lists) users.insert(list->users.begin(), list->users.end());
    users.erase(machine().user);
    users.erase(0);
    const Account& group = report_.socket_group;
    for (const std::uint32_t user : users) {
      if (is_member(user, group.number)) continue;
      warn("user " + words(user_account(user)) +
           " is in a list, but cannot connect: the socket is "
           "for members of the group " +
           words(group) +
           "; make it one (usermod -aG), or set "
           "bus.socket_mode to \"0666\"");
    }
  }

  void judge_descriptors() {
    if (machine().descriptors == 0 || report_.descriptors <= machine().descriptors) return;
    const std::string needed = std::to_string(report_.descriptors);
    warn("limits.clients (" + std::to_string(config().limits.clients) + ") and limits.channels (" +
         std::to_string(config().limits.channels) + ") need " + needed + " descriptors, and " +
         std::to_string(machine().descriptors) + " may be open here: set LimitNOFILE=" + needed +
         " in the unit, raise `ulimit -Hn`, or lower the limits");
  }

  SettingsResolver resolver_;
  ConfigReport report_;
};

}  // namespace

ConfigReport config_report(const std::string& file, const Config& config, const Machine& machine) {
  return Reporter(file, config, machine).run();
}

}  // namespace busbar::config
