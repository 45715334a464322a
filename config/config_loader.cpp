#include "config/config_loader.hpp"

#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/units.hpp"
#include "common/layout/limits.hpp"
#include "common/shm/memory_options.hpp"
#include "config/config_access.hpp"
#include "config/config_file.hpp"
#include "config/config_section.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::config {
namespace {

using Keys = std::vector<ConfigSection::Key>;

const std::vector<std::string> kWhenFull{"block", "drop_newest", "evict"};
const std::vector<std::string> kFences{"auto", "full"};
const std::vector<std::string> kHugePages{"off", "try"};
const std::vector<std::string> kSegments{"auto", "named", "sealed"};
const std::vector<std::string> kLevels{"trace", "debug", "info", "warn", "error", "off"};
const std::vector<std::string> kTargets{"auto", "stderr", "journal"};
constexpr std::size_t kLongestSocket = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::uint32_t kMostClients = 65536;
constexpr std::uint32_t kMostChannels = 65536;

/// Reads one file into one Config.
class Loader {
 public:
  Loader(const std::string& file, std::uint32_t own) : section_(file), own_(own) {}

  Config run(const ConfigNode& root) {
    const ConfigNode* channels = nullptr;
    section_.read(
        root,
        Keys{
            {"bus", [&](const ConfigNode& node) { read_bus(node); }},
            {"admin", [&](const ConfigNode& node) { config_.admin = read_access(section_, node); }},
            {"defaults", [&](const ConfigNode& node) { read_defaults(node); }},
            {"limits", [&](const ConfigNode& node) { read_limits(node); }},
            {"dynamic_channels",
             [&](const ConfigNode& node) { config_.dynamic_channels = section_.flag(node); }},
            {"channels", [&](const ConfigNode& node) { channels = &node; }},
            {"log", [&](const ConfigNode& node) { read_log(node); }}});
    // Behind everything, because defaults and limits may stand behind the channels.
    if (channels != nullptr) read_channels(*channels);
    return config_;
  }

 private:
  void read_bus(const ConfigNode& node) {
    section_.read(
        node,
        Keys{{"name", [&](const ConfigNode& value) { config_.bus = bus_name(value); }},
             {"socket", [&](const ConfigNode& value) { config_.socket = absolute_path(value); }},
             {"socket_mode", [&](const ConfigNode& value) { config_.socket_mode = mode(value); }},
             {"socket_group", [&](const ConfigNode& value) {
                config_.socket_group = read_group(section_, value);
              }}});
  }

  std::string bus_name(const ConfigNode& node) const {
    const std::string name = section_.text(node);
    if (!is_bus_name(name)) section_.expected(node, "1 to 64 characters of A-Z a-z 0-9 _ -");
    return name;
  }

  std::string absolute_path(const ConfigNode& node) const {
    const std::string path = section_.text(node);
    const bool is_printable =
        std::none_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20; });
    if (!path.starts_with('/') || path.ends_with('/') || !is_printable) {
      section_.expected(node, "the absolute path of a socket");
    }
    if (path.size() > kLongestSocket) {
      section_.expected(node, "a path of " + std::to_string(kLongestSocket) +
                                  " bytes at most, which is the system's limit for sockets");
    }
    return path;
  }

  mode_t mode(const ConfigNode& node) const {
    const std::string text = section_.text(node);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || text.size() != 4 || value > 0777) {
      section_.expected(node, "four octal digits in quotes such as \"0660\"");
    }
    return value;
  }

  /// The keys that defaults and channels have in common.
  Keys settings_keys(control::ChannelSettings& settings) {
    return {
        {"capacity", [&](const ConfigNode& node) { settings.capacity = section_.size(node); }},
        {"max_message",
         [&](const ConfigNode& node) { settings.max_message = section_.size(node); }},
        {"when_full",
         [&](const ConfigNode& node) { settings.when_full = section_.one_of(node, kWhenFull); }},
        {"block_timeout",
         [&](const ConfigNode& node) { settings.block_timeout_ns = section_.duration_ns(node); }},
        {"max_publishers",
         [&](const ConfigNode& node) {
           settings.max_publishers = section_.count(node, 1, layout::kMaxPublishers);
         }},
        {"max_subscribers",
         [&](const ConfigNode& node) {
           settings.max_subscribers = section_.count(node, 1, layout::kMaxSubscribers);
         }},
        {"alignment",
         [&](const ConfigNode& node) {
           settings.alignment = section_.count(node, layout::kMinAlignment, layout::kMaxAlignment);
         }},
        {"segment",
         [&](const ConfigNode& node) { settings.segment = section_.one_of(node, kSegments); }},
        {"fences",
         [&](const ConfigNode& node) { settings.fences = section_.one_of(node, kFences); }},
        {"huge_pages",
         [&](const ConfigNode& node) { settings.huge_pages = section_.one_of(node, kHugePages); }},
        {"numa_node",
         [&](const ConfigNode& node) {
           settings.numa_node = section_.count(node, 0, shm::kMostNode);
         }},
        {"lock_memory",
         [&](const ConfigNode& node) { settings.lock_memory = section_.flag(node); }},
        {"publish",
         [&](const ConfigNode& node) { settings.publish = read_access(section_, node); }},
        {"subscribe",
         [&](const ConfigNode& node) { settings.subscribe = read_access(section_, node); }},
    };
  }

  void read_defaults(const ConfigNode& node) {
    section_.read(node, settings_keys(config_.defaults));
    check_settings(node, "defaults", {});
  }

  void read_channels(const ConfigNode& node) {
    std::map<std::string, int> lines;
    for (const ConfigNode& item : section_.list(node)) {
      config_.channels.push_back(channel(item));
      const std::string& name = config_.channels.back().name;
      const ConfigNode& place = *member(item, "name");
      const auto [at, is_new] = lines.emplace(name, place.line);
      if (is_new) continue;
      section_.fail(place, "the channel " + busbar::quoted(name) + " occurs twice, first in line " +
                               std::to_string(at->second) + "; rename or remove one of them");
    }
    if (config_.channels.size() <= config_.limits.channels) return;
    section_.fail(node, "found " + std::to_string(config_.channels.size()) +
                            " channels, which is more than limits.channels (" +
                            std::to_string(config_.limits.channels) + "); raise that");
  }

  ConfiguredChannel channel(const ConfigNode& node) {
    ConfiguredChannel channel;
    Keys keys = settings_keys(channel.settings);
    keys.emplace_back("name", [&](const ConfigNode& value) { channel.name = channel_name(value); });
    section_.read(node, keys);
    if (channel.name.empty()) section_.fail(node, "the key \"name\" is missing");
    check_settings(node, channel.name, channel.settings);
    return channel;
  }

  std::string channel_name(const ConfigNode& node) const {
    const std::string name = section_.text(node);
    if (!is_channel_name(name)) {
      section_.expected(node, "1 to 128 characters of A-Z a-z 0-9 _ - and, not first, dots");
    }
    if (is_reserved_channel_name(name)) {
      section_.expected(
          node, "another name: \"busbar\" and what begins with \"busbar.\" is the bus's own");
    }
    return name;
  }

  /// Values that are right by themselves may still not fit together.
  void check_settings(const ConfigNode& node, const std::string& name,
                      const control::ChannelSettings& settings) const {
    try {
      SettingsResolver(config_.defaults, own_).resolve(name, settings);
    } catch (const Error& error) {
      const std::string_view words = without_prefix(name, error.what());
      const bool is_channel = !settings_of_all(node);
      section_.fail(culprit(node, words), is_channel ? error.what() : std::string(words));
    }
  }

  static bool settings_of_all(const ConfigNode& node) { return node.pointer == "/defaults"; }

  /// What the resolver says begins with `channel "NAME": `.
  static std::string_view without_prefix(const std::string& name, std::string_view words) {
    const std::string prefix = "channel " + busbar::quoted(name) + ": ";
    if (words.starts_with(prefix)) words.remove_prefix(prefix.size());
    return words;
  }

  /// The value that a refusal of the resolver is about: its first word is a key.
  static const ConfigNode& culprit(const ConfigNode& node, std::string_view words) {
    const ConfigNode* named = member(node, words.substr(0, words.find(' ')));
    return named == nullptr ? node : *named;
  }

  static const ConfigNode* member(const ConfigNode& node, std::string_view key) {
    const auto at = std::find_if(node.members.begin(), node.members.end(),
                                 [key](const auto& member) { return member.first == key; });
    return at == node.members.end() ? nullptr : &at->second;
  }

  void read_limits(const ConfigNode& node) {
    Limits& limits = config_.limits;
    const ConfigNode* per_user = nullptr;
    section_.read(node,
                  Keys{{"memory", [&](const ConfigNode& value) { limits.memory = memory(value); }},
                       {"clients",
                        [&](const ConfigNode& value) {
                          limits.clients = section_.count(value, 1, kMostClients);
                        }},
                       {"channels",
                        [&](const ConfigNode& value) {
                          limits.channels = section_.count(value, 1, kMostChannels);
                        }},
                       {"per_user", [&](const ConfigNode& value) { per_user = &value; }}});
    // Behind the others, because a part is measured by the whole.
    if (per_user != nullptr) read_per_user(*per_user);
  }

  void read_per_user(const ConfigNode& node) {
    const Limits& all = config_.limits;
    UserLimits& limits = config_.limits.per_user;
    section_.read(node, Keys{{"memory",
                              [&](const ConfigNode& value) {
                                limits.memory = memory(value);
                                if (!all.memory || *limits.memory <= *all.memory) return;
                                section_.expected(value, "at most limits.memory, which is " +
                                                             size_text(*all.memory));
                              }},
                             {"clients",
                              [&](const ConfigNode& value) {
                                limits.clients = part(value, "clients", all.clients);
                              }},
                             {"channels", [&](const ConfigNode& value) {
                                limits.channels = part(value, "channels", all.channels);
                              }}});
  }

  std::uint64_t memory(const ConfigNode& node) const {
    const std::uint64_t bytes = section_.size(node);
    if (bytes < layout::kMinCapacity) {
      section_.expected(node, "a size of at least " + size_text(layout::kMinCapacity));
    }
    return bytes;
  }

  std::uint32_t part(const ConfigNode& node, const std::string& key, std::uint32_t whole) const {
    if (node.kind == ConfigNode::Kind::number && node.number > whole) {
      section_.expected(node, "at most limits." + key + ", which is " + std::to_string(whole));
    }
    return section_.count(node, 1, whole);
  }

  void read_log(const ConfigNode& node) {
    section_.read(node, Keys{{"level",
                              [&](const ConfigNode& value) {
                                config_.log_level = section_.one_of(value, kLevels);
                              }},
                             {"target", [&](const ConfigNode& value) {
                                config_.log_target = section_.one_of(value, kTargets);
                              }}});
  }

  ConfigSection section_;
  std::uint32_t own_;
  Config config_;
};

}  // namespace

Config load_config(const std::string& path, std::uint32_t own) {
  return parse_config(read_config_file(path), path, own);
}

Config parse_config(std::string_view text, const std::string& name, std::uint32_t own) {
  return Loader(name, own).run(parse_config_text(text, name));
}

}  // namespace busbar::config
