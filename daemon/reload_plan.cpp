#include "daemon/reload_plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/rough_size.hpp"
#include "config/access.hpp"
#include "config/machine_memory.hpp"
#include "config/settings_resolver.hpp"
#include "config/user_share.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kMostNamed = 8;

std::string words(bool value) {
  return value ? "true" : "false";
}
std::string words(std::uint64_t value) {
  return std::to_string(value);
}
std::string words(const std::string& value) {
  return value.empty() ? "not given" : value;
}

using Names = std::unordered_set<std::string_view>;

Names names_of(const config::Config& config) {
  Names names;
  for (const auto& configured : config.channels) names.insert(configured.name);
  return names;
}

/// One comparison of two configurations.
class Planner {
 public:
  Planner(const config::Config& from, const WantedConfig& wanted, const ChannelRegistry& channels,
          const SessionTable& sessions)
      : from_(from),
        to_(wanted.config),
        wanted_(wanted.channels),
        old_names_(names_of(from_)),
        new_names_(names_of(to_)),
        channels_(channels),
        sessions_(sessions) {}

  ReloadPlan run() {
    compare_broker();
    compare_limits();
    for (const config::ChannelPlan& wanted : wanted_) compare_channel(wanted);
    for (const auto& configured : from_.channels) {
      if (!new_names_.contains(configured.name)) drop(configured.name);
    }
    compare_dynamic();
    check_count();
    if (!problems_.empty()) throw Error(Errc::in_use, problems_);
    return std::move(plan_);
  }

 private:
  void against(const std::string& problem) {
    problems_ += (problems_.empty() ? "" : "; ") + problem;
  }

  template <class T>
  void change(const std::string& what, const T& from, const T& to) {
    if (from != to) plan_.changes.push_back(what + ": " + words(from) + " -> " + words(to));
  }

  template <class T>
  void fixed(const std::string& what, const T& from, const T& to) {
    if (from != to) against(what + " cannot be changed without a restart");
  }

  void compare_broker() {
    fixed("bus.name", from_.bus, to_.bus);
    fixed("bus.socket", from_.socket, to_.socket);
    fixed("bus.socket_mode", from_.socket_mode, to_.socket_mode);
    fixed("bus.socket_group", from_.socket_group, to_.socket_group);
    fixed("log.target", from_.log_target, to_.log_target);
    change("log.level", from_.log_level, to_.log_level);
    change("admin", config::access_text(from_.admin), config::access_text(to_.admin));
    change("dynamic_channels", from_.dynamic_channels, to_.dynamic_channels);
    if (from_.defaults != to_.defaults) {
      plan_.changes.push_back("defaults: others for what is created from now on");
    }
  }

  void compare_limits() {
    const std::uint64_t memory = config::memory_limit(from_.limits),
                        new_memory = config::memory_limit(to_.limits);
    change("limits.memory", rough_size_text(memory), rough_size_text(new_memory));
    change("limits.clients", std::uint64_t{from_.limits.clients},
           std::uint64_t{to_.limits.clients});
    change("limits.channels", std::uint64_t{from_.limits.channels},
           std::uint64_t{to_.limits.channels});
    const config::UserShare share = config::user_share(from_.limits, memory);
    const config::UserShare next = config::user_share(to_.limits, new_memory);
    change("limits.per_user.memory", rough_size_text(share.memory), rough_size_text(next.memory));
    change("limits.per_user.clients", std::uint64_t{share.clients}, std::uint64_t{next.clients});
    change("limits.per_user.channels", std::uint64_t{share.channels}, std::uint64_t{next.channels});
  }

  void compare_channel(const config::ChannelPlan& wanted) {
    const auto channel = channels_.find(wanted.ring.name);
    const std::string name = "channel " + busbar::quoted(wanted.ring.name);
    if (!channel) {
      plan_.changes.push_back(name + ": added");
      plan_.make.push_back(wanted);
      return;
    }
    const std::string fixed = config::fixed_change(channel->plan(), wanted);
    if (!fixed.empty()) {
      const bool to_others =
          channel->plan().backing == shm::Backing::named && wanted.backing == shm::Backing::sealed;
      return make_anew(channel, wanted,
                       name + ": " + fixed + (to_others ? " (its lists now admit others)" : ""));
    }
    const std::string access = config::access_change(channel->plan(), wanted);
    if (access.empty()) return;
    if (!old_names_.contains(wanted.ring.name) && channel->creator().origin != Origin::config) {
      return take_over(channel, wanted, name + ": configured from now on");
    }
    admit(*channel, wanted, name + ": " + access);
  }

  void admit(const Channel& channel, const config::ChannelPlan& wanted, const std::string& change) {
    plan_.changes.push_back(change);
    plan_.admit.push_back(wanted);
    for (const std::string& who : strangers(channel, wanted)) {
      plan_.changes.push_back("channel " + busbar::quoted(channel.name()) + ": " + who +
                              " keeps the place that it has until it leaves");
    }
  }

  /// A client had it made before it was configured: it must not stay with whom the lists shut out.
  void take_over(const std::shared_ptr<Channel>& channel, const config::ChannelPlan& wanted,
                 const std::string& change) {
    if (!settled(channel)) return;
    if (!channel->has_members()) return make_anew(channel, wanted, change);
    const std::vector<std::string> who = strangers(*channel, wanted);
    if (who.empty()) return admit(*channel, wanted, change);
    against(change + " is not possible while it has members that its lists do not name: " +
            who.front() + (who.size() > 1 ? " and others" : ""));
  }

  /// Channels that were made by opening them follow the lists of the defaults.
  void compare_dynamic() {
    const auto list = [](const auto& given) { return given.value_or(control::Access()); };
    const control::Access publish = list(to_.defaults.publish);
    const control::Access subscribe = list(to_.defaults.subscribe);
    if (publish == list(from_.defaults.publish) && subscribe == list(from_.defaults.subscribe)) {
      return;
    }
    for (const auto& [name, channel] : channels_.names()) {
      if (channel->creator().origin != Origin::defaults || new_names_.contains(name)) continue;
      config::ChannelPlan wanted = channel->plan();
      wanted.publish = publish;
      wanted.subscribe = subscribe;
      follow_defaults(*channel, wanted);
    }
  }

  void follow_defaults(const Channel& channel, const config::ChannelPlan& wanted) {
    const std::string name = "channel " + busbar::quoted(channel.name());
    const std::string change = config::access_change(channel.plan(), wanted);
    if (change.empty()) return;
    const bool others = config::admits_others(wanted.publish, ::geteuid()) ||
                        config::admits_others(wanted.subscribe, ::geteuid());
    if (wanted.backing == shm::Backing::named && others) {
      plan_.changes.push_back(name +
                              ": keeps its lists, because its segment is named; remove it "
                              "to have it sealed");
      return;
    }
    admit(channel, wanted, name + ": " + change);
  }

  void make_anew(const std::shared_ptr<Channel>& channel, const config::ChannelPlan& wanted,
                 const std::string& change) {
    if (!settled(channel)) return;
    if (channel->has_members()) {
      return against(change + " is not possible while it has members: " + members(*channel));
    }
    plan_.changes.push_back(change + " (made anew: it has no members)");
    plan_.remove.push_back(channel);
    plan_.make.push_back(wanted);
  }

  void drop(const std::string& name) {
    const auto channel = channels_.find(name);
    if (!channel || !settled(channel)) return;
    const std::string words = "channel " + busbar::quoted(name) + ": ";
    if (channel->has_members()) {
      return against(words + "no longer configured, and it has members: " + members(*channel));
    }
    plan_.changes.push_back(words + "removed");
    plan_.remove.push_back(channel);
  }

  /// Nobody who has left counts as a member, and what is being made or mended is let alone.
  bool settled(const std::shared_ptr<Channel>& channel) {
    if (!channel->busy() && channel->left_places().empty()) return true;
    plan_.unsettled.push_back(channel);
    return false;
  }

  void check_count() {
    const std::size_t count = channels_.size() - plan_.remove.size() + plan_.make.size();
    if (plan_.make.empty() || count <= to_.limits.channels) return;
    against("there would be " + std::to_string(count) + " channels, and limits.channels is " +
            std::to_string(to_.limits.channels));
  }

  std::string members(const Channel& channel) const {
    std::string text;
    const auto places = channel.held_places();
    for (std::size_t i = 0; i < std::min(places.size(), kMostNamed); ++i) {
      const Session* session = sessions_.find(channel.holder(places[i]));
      if (!text.empty()) text += ", ";
      text += session == nullptr ? "unknown" : session->words();
    }
    if (places.size() > kMostNamed) {
      text += " and " + std::to_string(places.size() - kMostNamed) + " more";
    }
    return text;
  }

  /// Members whom the lists do not name. Their mapping cannot be taken back.
  std::vector<std::string> strangers(const Channel& channel,
                                     const config::ChannelPlan& wanted) const {
    const AccessControl access(::geteuid(), {});
    std::vector<std::string> found;
    for (const Place place : channel.held_places()) {
      const Session* session = sessions_.find(channel.holder(place));
      if (session == nullptr || access.may(session->peer(), place.role, wanted)) continue;
      found.push_back(session->words() + " of uid " + std::to_string(session->peer().uid));
    }
    return found;
  }

  const config::Config& from_;
  const config::Config& to_;
  const std::vector<config::ChannelPlan>& wanted_;
  Names old_names_;
  Names new_names_;
  const ChannelRegistry& channels_;
  const SessionTable& sessions_;
  ReloadPlan plan_;
  std::string problems_;
};

}  // namespace

ReloadPlan plan_reload(const config::Config& from, const WantedConfig& to,
                       const ChannelRegistry& channels, const SessionTable& sessions) {
  return Planner(from, to, channels, sessions).run();
}

}  // namespace busbar::daemon
