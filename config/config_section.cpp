#include "config/config_section.hpp"

#include <algorithm>
#include <limits>

#include "common/base/error.hpp"
#include "common/base/names.hpp"
#include "common/base/units.hpp"
#include "config/nearest_word.hpp"

namespace busbar::config {
namespace {

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
  return text;
}

std::string suggestion(std::string_view given, std::span<const std::string> words) {
  const std::string near = nearest_word(given, words);
  return near.empty() ? "" : ", did you mean " + busbar::quoted(near) + "?";
}

}  // namespace

void ConfigSection::read(const ConfigNode& node, std::span<const Key> keys) const {
  if (node.kind != ConfigNode::Kind::object) expected(node, "an object");
  for (const auto& [name, member] : node.members) {
    const auto same = [&wanted = name](const Key& key) { return key.first == wanted; };
    const auto at = std::find_if(keys.begin(), keys.end(), same);
    if (at == keys.end()) unknown_key(member, name, keys);
    at->second(member);
  }
}

void ConfigSection::unknown_key(const ConfigNode& node, const std::string& key,
                                std::span<const Key> keys) const {
  std::vector<std::string> words;
  for (const Key& known : keys) words.push_back(known.first);
  refuse_config(file_, node.key_line, node.pointer,
                "unknown key" + suggestion(key, words) + " (known: " + joined(words) + ")");
}

std::uint64_t ConfigSection::size(const ConfigNode& node) const {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();  // parse_size's
  if (node.kind == ConfigNode::Kind::number && node.number <= kLargest) return node.number;
  const auto value = node.kind == ConfigNode::Kind::string ? parse_size(node.text) : std::nullopt;
  if (!value) expected(node, "a size such as \"64MiB\"");
  return *value;
}

std::uint64_t ConfigSection::duration_ns(const ConfigNode& node) const {
  const auto value =
      node.kind == ConfigNode::Kind::string ? parse_duration(node.text) : std::nullopt;
  if (!value) expected(node, "a time such as \"250ms\"");
  return static_cast<std::uint64_t>(value->count());
}

std::uint32_t ConfigSection::count(const ConfigNode& node, std::uint32_t from,
                                   std::uint32_t to) const {
  if (node.kind == ConfigNode::Kind::number && node.number >= from && node.number <= to) {
    return static_cast<std::uint32_t>(node.number);
  }
  expected(node, "a whole number from " + std::to_string(from) + " to " + std::to_string(to));
}

bool ConfigSection::flag(const ConfigNode& node) const {
  if (node.kind != ConfigNode::Kind::boolean) expected(node, "true or false");
  return node.flag;
}

std::string ConfigSection::text(const ConfigNode& node) const {
  if (node.kind != ConfigNode::Kind::string) expected(node, "a string");
  return node.text;
}

std::string ConfigSection::one_of(const ConfigNode& node,
                                  std::span<const std::string> words) const {
  const bool is_text = node.kind == ConfigNode::Kind::string;
  if (is_text && std::find(words.begin(), words.end(), node.text) != words.end()) return node.text;
  expected(node, "one of " + joined(words) + (is_text ? suggestion(node.text, words) : ""));
}

const std::vector<ConfigNode>& ConfigSection::list(const ConfigNode& node) const {
  if (node.kind != ConfigNode::Kind::array) expected(node, "a list");
  return node.items;
}

void ConfigSection::expected(const ConfigNode& node, const std::string& what) const {
  fail(node, "found " + node.found + ", expected " + what);
}

void ConfigSection::fail(const ConfigNode& node, const std::string& what) const {
  refuse_config(file_, node.line, node.pointer, what);
}

}  // namespace busbar::config
