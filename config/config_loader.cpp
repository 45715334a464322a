#include "config/config_loader.hpp"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <vector>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/layout/limits.hpp"
#include "config/config_section.hpp"
#include "config/settings_resolver.hpp"

namespace busbar::config {
namespace {

using Keys = std::vector<ConfigSection::Key>;

const std::vector<std::string> kWhenFull{"block", "drop_newest", "evict"};
const std::vector<std::string> kFences{"auto", "full"};
const std::vector<std::string> kLevels{"trace", "debug", "info", "warn", "error", "off"};
constexpr std::uint32_t kMostClients = 65536;
constexpr std::uint32_t kMostChannels = 65536;

/// Reads one file into one Config.
class Loader {
 public:
  explicit Loader(const std::string& file) : section_(file) {}

  Config run(const ConfigNode& root) {
    const ConfigNode* channels = nullptr;
    section_.read(
        root,
        Keys{{"bus", [&](const ConfigNode& node) { read_bus(node); }},
             {"defaults", [&](const ConfigNode& node) { read_defaults(node); }},
             {"limits", [&](const ConfigNode& node) { read_limits(node); }},
             {"dynamic_channels",
              [&](const ConfigNode& node) { config_.dynamic_channels = section_.flag(node); }},
             {"channels", [&](const ConfigNode& node) { channels = &node; }},
             {"log", [&](const ConfigNode& node) { read_log(node); }}});
    // Behind everything, because the defaults may stand behind the channels.
    if (channels != nullptr) read_channels(*channels);
    return config_;
  }

 private:
  void read_bus(const ConfigNode& node) {
    section_.read(
        node,
        Keys{{"name", [&](const ConfigNode& value) { config_.bus = bus_name(value); }},
             {"socket", [&](const ConfigNode& value) { config_.socket = absolute_path(value); }},
             {"socket_mode", [&](const ConfigNode& value) { config_.socket_mode = mode(value); }}});
  }

  std::string bus_name(const ConfigNode& node) const {
    const std::string name = section_.text(node);
    if (!is_bus_name(name)) section_.expected(node, "1 to 64 characters of A-Z a-z 0-9 _ -");
    return name;
  }

  std::string absolute_path(const ConfigNode& node) const {
    const std::string path = section_.text(node);
    if (!path.starts_with('/')) section_.expected(node, "an absolute path");
    return path;
  }

  mode_t mode(const ConfigNode& node) const {
    const std::string text = section_.text(node);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || text.size() != 4 || value > 0777) {
      section_.expected(node, "four octal digits such as \"0600\"");
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
        {"fences",
         [&](const ConfigNode& node) { settings.fences = section_.one_of(node, kFences); }},
    };
  }

  void read_defaults(const ConfigNode& node) {
    section_.read(node, settings_keys(config_.defaults));
    check_settings(node, "defaults", {});
  }

  void read_channels(const ConfigNode& node) {
    std::set<std::string> names;
    for (const ConfigNode& item : section_.list(node)) {
      config_.channels.push_back(channel(item));
      if (names.insert(config_.channels.back().name).second) continue;
      section_.fail(
          item, "the channel " + busbar::quoted(config_.channels.back().name) + " occurs twice");
    }
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
    return name;
  }

  /// Values that are right by themselves may still not fit together.
  void check_settings(const ConfigNode& node, const std::string& name,
                      const control::ChannelSettings& settings) const {
    try {
      SettingsResolver(config_.defaults).resolve(name, settings);
    } catch (const Error& error) {
      section_.fail(node, error.what());
    }
  }

  void read_limits(const ConfigNode& node) {
    Limits& limits = config_.limits;
    section_.read(
        node,
        Keys{{"memory", [&](const ConfigNode& value) { limits.memory = section_.size(value); }},
             {"clients",
              [&](const ConfigNode& value) {
                limits.clients = section_.count(value, 1, kMostClients);
              }},
             {"channels", [&](const ConfigNode& value) {
                limits.channels = section_.count(value, 1, kMostChannels);
              }}});
  }

  void read_log(const ConfigNode& node) {
    section_.read(node, Keys{{"level", [&](const ConfigNode& value) {
                                config_.log_level = section_.one_of(value, kLevels);
                              }}});
  }

  ConfigSection section_;
  Config config_;
};

std::string contents_of(const std::string& path) {
  const std::string what = "cannot read configuration " + path;
  errno = 0;
  std::ifstream file(path);
  if (!file) throw system_error(what, errno);
  try {
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  } catch (const std::ios_base::failure& error) {  // a directory
    throw Error(Errc::system, what + ": " + error.what());
  }
}

}  // namespace

Config load_config(const std::string& path) {
  return parse_config(contents_of(path), path);
}

Config parse_config(std::string_view text, const std::string& name) {
  return Loader(name).run(parse_config_text(text, name));
}

}  // namespace busbar::config
