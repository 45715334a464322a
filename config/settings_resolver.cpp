#include "config/settings_resolver.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/units.hpp"
#include "common/layout/geometry.hpp"
#include "common/sync/fence.hpp"

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
             const control::ChannelSettings& defaults)
      : given_(given), defaults_(defaults) {
    settings_.name = channel;
  }

  ring::Settings run() {
    capacity();
    alignment();
    max_message();
    when_full();
    block_timeout();
    settings_.max_publishers = count("max_publishers", &control::ChannelSettings::max_publishers,
                                     kDefaultPublishers, layout::kMaxPublishers);
    settings_.max_subscribers = count("max_subscribers", &control::ChannelSettings::max_subscribers,
                                      kDefaultSubscribers, layout::kMaxSubscribers);
    segment();
    fences();
    return settings_;
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

  void segment() const {
    const auto word = chosen<std::string>(&control::ChannelSettings::segment, "auto");
    if (word == "auto" || word == "named") return;
    refuse(word == "sealed"
               ? "segment \"sealed\" is not supported yet; give \"auto\" or \"named\""
               : "segment " + busbar::quoted(word) + " is unknown; give \"auto\" or \"named\"");
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
  ring::Settings settings_;
};

/// Collects "WHAT is A, not B".
class Differences {
 public:
  template <class T, class Words>
  void compare(const char* what, const T& existing, const T& wanted, Words words) {
    if (existing == wanted) return;
    if (!text_.empty()) text_ += "; ";
    text_ += std::string(what) + " is " + words(existing) + ", not " + words(wanted);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

ring::Settings SettingsResolver::resolve(const std::string& channel,
                                         const control::ChannelSettings& given) const {
  require_channel_name(channel);
  return Resolution(channel, given, defaults_).run();
}

std::string difference(const ring::Settings& existing, const ring::Settings& wanted) {
  const auto number = [](std::uint32_t value) { return std::to_string(value); };
  Differences found;
  found.compare("capacity", existing.capacity, wanted.capacity, size_text);
  found.compare("max_message", existing.max_message, wanted.max_message, size_text);
  found.compare("when_full", existing.when_full, wanted.when_full, when_full_text);
  found.compare("block_timeout", existing.block_timeout_ns, wanted.block_timeout_ns, time_words);
  found.compare("max_publishers", existing.max_publishers, wanted.max_publishers, number);
  found.compare("max_subscribers", existing.max_subscribers, wanted.max_subscribers, number);
  found.compare("alignment", existing.alignment, wanted.alignment, number);
  found.compare("fences", existing.fence_rule, wanted.fence_rule, fence_rule_text);
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

}  // namespace busbar::config
