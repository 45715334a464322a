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
  int key_line = 1;          // of the key before it; without one as `line`
  std::string pointer = {};  // JSON pointer, fit for a terminal; empty for the whole text
  std::string found = {};    // how the text has it, for messages
  std::string text = {};     // of a string
  std::uint64_t number = 0;  // whole, not negative; anything else is `other`
  bool flag = false;
  std::vector<std::pair<std::string, ConfigNode>> members = {};
  std::vector<ConfigNode> items = {};
};

/// Nobody writes more by hand, and a file that is read while clients wait has to be short.
inline constexpr std::size_t kLargestConfig = std::size_t{1} << 20;

/// JSON in UTF-8 with comments. Throws Errc::invalid_argument, "NAME:LINE: POINTER: what is wrong":
/// no JSON, a key twice, nested too deep, too long. POINTER is then the innermost value that was
/// open.
ConfigNode parse_config_text(std::string_view text, const std::string& name);

/// Throws the error that every message about a configuration is made with.
[[noreturn]] void refuse_config(const std::string& name, int line, const std::string& pointer,
                                const std::string& what);

}  // namespace busbar::config
