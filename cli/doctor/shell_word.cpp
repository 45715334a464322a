#include "cli/doctor/shell_word.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace busbar::cli {
namespace {

constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%";

bool is_printable(char c) {
  return c >= 0x20 && c < 0x7f;
}

/// $'...' can write any byte so that a terminal shows it harmlessly.
std::string dollar_quoted(const std::string& text) {
  std::string out = "$'";
  for (const char c : text) {
    if (is_printable(c) && c != '\'' && c != '\\') {
      out += c;
      continue;
    }
    std::array<char, 8> escape;
    std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned char>(c));
    out += escape.data();
  }
  return out + "'";
}

}  // namespace

std::string shell_word(const std::string& text) {
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  for (const char c : text) {
    if (!is_printable(c) || c == '\'') return dollar_quoted(text);
  }
  return "'" + text + "'";
}

}  // namespace busbar::cli
