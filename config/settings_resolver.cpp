#include "config/settings_resolver.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/units.hpp"
#include "common/layout/geometry.hpp"
#include "common/sync/fence.hpp"
#include "config/access.hpp"

namespace busbar::config {
namespace {

constexpr std::uint64_t kDefaultCapacity = 4 << 20;
constexpr std::uint64_t kDefaultBlockTimeout = 1'000'000'000;
constexpr std::uint64_t kLongestBlockTimeout = 24ull * 3600 * 1'000'000'000;
constexpr std::uint32_t kDefaultPublishers = 1;
constexpr std::uint32_t kDefaultSubscribers = 64;
// A record's padding may then cost an eighth of the ring, not all of it.
constexpr std::uint64_t kAlignmentsPerRing = 8;

std::string time_words(std::uint64_t ns) {
  return duration_text(std::chrono::nanoseconds(static_cast<std::int64_t>(ns)));
}

/// One channel's values while they are resolved; knows the name for its errors.
class Resolution {
 public:
  Resolution(const std::string& channel, const control::ChannelSettings& given,
             const control::ChannelSettings& defaults, std::uint32_t own)
      : given_(given), defaults_(defaults), own_(own) {
    settings_.name = channel;
  }

  ChannelPlan run() {
    capacity();
    alignment();
    max_message();
    when_full();
    block_timeout();
    settings_.max_publishers = count("max_publishers", &control::ChannelSettings::max_publishers,
                                     kDefaultPublishers, layout::kMaxPublishers);
    settings_.max_subscribers = count("max_subscribers", &control::ChannelSettings::max_subscribers,
                                      kDefaultSubscribers, layout::kMaxSubscribers);
    fences();
    const auto publish = access("publish", &control::ChannelSettings::publish);
    const auto subscribe = access("subscribe", &control::ChannelSettings::subscribe);
    const bool others = admits_others(publish, own_) || admits_others(subscribe, own_);
    return {settings_, backing(others), memory(), publish, subscribe};
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Errc::invalid_argument, "channel " + busbar::quoted(settings_.name) + ": " + what);
  }

  template <class T>
  T chosen(std::optional<T> control::ChannelSettings::*member, T built_in) const {
    return (given_.*member).value_or((defaults_.*member).value_or(built_in));
  }

  void capacity() {
    const auto wanted = chosen(&control::ChannelSettings::capacity, kDefaultCapacity);
    if (wanted < 1 || wanted > layout::kMaxCapacity) {
      refuse("capacity " + size_text(wanted) + " is out of range; give " +
             size_text(layout::kMinCapacity) + " to " + size_text(layout::kMaxCapacity));
    }
    settings_.capacity = std::bit_ceil(std::max(wanted, layout::kMinCapacity));
  }

  void alignment() {
    const auto wanted = chosen(&control::ChannelSettings::alignment, layout::kMinAlignment);
    const auto most =
        std::min<std::uint64_t>(layout::kMaxAlignment, settings_.capacity / kAlignmentsPerRing);
    if (!layout::is_power_of_two(wanted) || wanted < layout::kMinAlignment || wanted > most) {
      refuse("alignment " + std::to_string(wanted) + " is not possible with capacity " +
             size_text(settings_.capacity) + "; give a power of two from " +
             std::to_string(layout::kMinAlignment) + " to " + std::to_string(most));
    }
    settings_.alignment = wanted;
  }

  void max_message() {
    const std::uint64_t most = settings_.capacity / 2 - 64;
    const auto fallback = std::min(defaults_.max_message.value_or(settings_.capacity / 4), most);
    const std::uint64_t wanted = given_.max_message.value_or(fallback);
    if (wanted < 1 || wanted > most) {
      refuse("max_message " + size_text(wanted) + " is out of range with capacity " +
             size_text(settings_.capacity) + "; give 1 to " + std::to_string(most) +
             " or raise \"capacity\"");
    }
    settings_.max_message = wanted;
  }

  void when_full() {
    const auto word = chosen<std::string>(&control::ChannelSettings::when_full, "block");
    using enum layout::WhenFull;
    for (const auto policy : {block, drop_newest, evict}) {
      if (word != when_full_text(policy)) continue;
      settings_.when_full = policy;
      return;
    }
    refuse("when_full " + busbar::quoted(word) +
           " is unknown; give \"block\", \"drop_newest\" or \"evict\"");
  }

  void block_timeout() {
    const auto wanted = chosen(&control::ChannelSettings::block_timeout_ns, kDefaultBlockTimeout);
    if (wanted > kLongestBlockTimeout) {
      refuse("block_timeout of " + std::to_string(wanted) + "ns is too long; give 0 to 24h");
    }
    settings_.block_timeout_ns = wanted;
  }

  std::uint32_t count(const std::string& what,
                      std::optional<std::uint32_t> control::ChannelSettings::*member,
                      std::uint32_t built_in, std::uint32_t most) const {
    const auto wanted = chosen(member, built_in);
    if (wanted < 1 || wanted > most) {
      refuse(what + " " + std::to_string(wanted) + " is out of range; give 1 to " +
             std::to_string(most));
    }
    return wanted;
  }

  control::Access access(const char* what,
                         std::optional<control::Access> control::ChannelSettings::*member) const {
    control::Access access = chosen(member, control::Access());
    std::sort(access.users.begin(), access.users.end());
    std::sort(access.groups.begin(), access.groups.end());
    const std::size_t longest = std::max(access.users.size(), access.groups.size());
    if (longest <= kMostNames) return access;
    refuse("\"" + std::string(what) + "\" has a list of " + std::to_string(longest) +
           " entries; give at most " + std::to_string(kMostNames) + " users and as many groups");
  }

  /// Who may write to a named segment may also cut it short under the others: among users that
  /// need not trust one another it is sealed.
  shm::Backing backing(bool others) const {
    const auto word = chosen<std::string>(&control::ChannelSettings::segment, "auto");
    if (word == "sealed" || (word == "auto" && others)) return shm::Backing::sealed;
    if (word == "named" && others) {
      refuse(
          "segment \"named\" is for the broker's own user alone: whoever may write to it may cut "
          "it "
          "short under the others and the broker, and its lists admit others; give \"sealed\" or "
          "\"auto\"");
    }
    if (word == "auto" || word == "named") return shm::Backing::named;
    refuse("segment " + busbar::quoted(word) +
           " is unknown; give \"auto\", \"named\" or \"sealed\"");
  }

  shm::MemoryOptions memory() const {
    const auto word = chosen<std::string>(&control::ChannelSettings::huge_pages, "off");
    if (word != "off" && word != "try") {
      refuse("huge_pages " + busbar::quoted(word) + " is unknown; give \"off\" or \"try\"");
    }
    const auto node = given_.numa_node ? given_.numa_node : defaults_.numa_node;
    if (node.value_or(0) > shm::kMostNode) {
      refuse("numa_node " + std::to_string(*node) + " is out of range; give 0 to " +
             std::to_string(shm::kMostNode));
    }
    return {word == "try", node, chosen(&control::ChannelSettings::lock_memory, false)};
  }

  void fences() {
    const auto word = chosen<std::string>(&control::ChannelSettings::fences, "auto");
    if (word != "auto" && word != "full") {
      refuse("fences " + busbar::quoted(word) + " is unknown; give \"auto\" or \"full\"");
    }
    settings_.fence_rule = word == "full" ? layout::FenceRule::full : sync::best_fence_rule();
  }

  const control::ChannelSettings& given_;
  const control::ChannelSettings& defaults_;
  std::uint32_t own_;
  ring::Settings settings_;
};

/// Collects what is different, in one of two ways of saying so.
class Differences {
 public:
  enum class Words { is_not, becomes };

  explicit Differences(Words words) : words_(words) {}

  template <class T, class Text>
  void compare(const char* what, const T& existing, const T& wanted, Text in_words) {
    if (existing == wanted) return;
    if (!text_.empty()) text_ += "; ";
    text_ += what;
    text_ += words_ == Words::is_not ? " is " + in_words(existing) + ", not " + in_words(wanted)
                                     : " " + in_words(existing) + " -> " + in_words(wanted);
  }
  const std::string& text() const { return text_; }

 private:
  Words words_;
  std::string text_;
};

void compare_memory(Differences& found, const shm::MemoryOptions& existing,
                    const shm::MemoryOptions& wanted) {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  found.compare("huge_pages", existing.huge_pages, wanted.huge_pages, huge_pages_text);
  found.compare("numa_node", existing.numa_node, wanted.numa_node, numa_node_text);
  found.compare("lock_memory", existing.lock, wanted.lock, flag);
}

void compare_fixed(Differences& found, const ChannelPlan& plan, const ChannelPlan& other) {
  const auto number = [](std::uint32_t value) { return std::to_string(value); };
  const ring::Settings& existing = plan.ring;
  const ring::Settings& wanted = other.ring;
  found.compare("capacity", existing.capacity, wanted.capacity, size_text);
  found.compare("max_message", existing.max_message, wanted.max_message, size_text);
  found.compare("when_full", existing.when_full, wanted.when_full, when_full_text);
  found.compare("block_timeout", existing.block_timeout_ns, wanted.block_timeout_ns, time_words);
  found.compare("max_publishers", existing.max_publishers, wanted.max_publishers, number);
  found.compare("max_subscribers", existing.max_subscribers, wanted.max_subscribers, number);
  found.compare("alignment", existing.alignment, wanted.alignment, number);
  found.compare("fences", existing.fence_rule, wanted.fence_rule, fence_rule_text);
  found.compare("segment", plan.backing, other.backing, backing_text);
  compare_memory(found, plan.memory, other.memory);
}

void compare_access(Differences& found, const ChannelPlan& existing, const ChannelPlan& wanted) {
  found.compare("publish", existing.publish, wanted.publish, access_text);
  found.compare("subscribe", existing.subscribe, wanted.subscribe, access_text);
}

}  // namespace

ChannelPlan SettingsResolver::resolve(const std::string& channel,
                                      const control::ChannelSettings& given) const {
  require_channel_name(channel);
  return Resolution(channel, given, defaults_, own_).run();
}

std::string difference(const ChannelPlan& existing, const ChannelPlan& wanted) {
  Differences found(Differences::Words::is_not);
  compare_fixed(found, existing, wanted);
  compare_access(found, existing, wanted);
  return found.text();
}

std::string fixed_change(const ChannelPlan& existing, const ChannelPlan& wanted) {
  Differences found(Differences::Words::becomes);
  compare_fixed(found, existing, wanted);
  return found.text();
}

std::string access_change(const ChannelPlan& existing, const ChannelPlan& wanted) {
  Differences found(Differences::Words::becomes);
  compare_access(found, existing, wanted);
  return found.text();
}

std::string when_full_text(layout::WhenFull when_full) {
  switch (when_full) {
    case layout::WhenFull::block:
      return "block";
    case layout::WhenFull::drop_newest:
      return "drop_newest";
    case layout::WhenFull::evict:
      return "evict";
  }
  return "unknown";
}

std::string fence_rule_text(layout::FenceRule rule) {
  return rule == layout::FenceRule::membarrier ? "membarrier" : "full";
}

std::string huge_pages_text(bool wanted) {
  return wanted ? "try" : "off";
}

std::string numa_node_text(std::optional<std::uint32_t> node) {
  return node ? std::to_string(*node) : "any";
}

std::string backing_text(shm::Backing backing) {
  return backing == shm::Backing::named ? "named" : "sealed";
}

}  // namespace busbar::config
