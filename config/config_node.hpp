#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busbar::config {

/// One value of a configuration text, with where it stands. A plain value.
struct ConfigNode {
  enum class Kind { null, boolean, number, string, array, object, other };

  Kind kind = Kind::null;
  int line = 1;
  std::string pointer = {};  // JSON pointer; empty for the whole text
  std::string found = {};    // how the text has it, for messages
  std::string text = {};     // of a string
  std::uint64_t number = 0;  // whole, not negative; anything else is `other`
  bool flag = false;
  std::vector<std::pair<std::string, ConfigNode>> members = {};
  std::vector<ConfigNode> items = {};
};

/// JSON with comments. Throws Errc::invalid_argument, "NAME:LINE: what is wrong": no JSON, a key
/// twice, nested too deep.
ConfigNode parse_config_text(std::string_view text, const std::string& name);

}  // namespace busbar::config
