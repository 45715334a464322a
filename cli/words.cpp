#include "cli/words.hpp"

#include <array>
#include <cstdio>

namespace busbar::cli {

void say(const std::string& text) {
  std::fprintf(stderr, "busbar: %s\n", printable(text).c_str());
}

std::string closed_text(const std::string& channel) {
  return "channel \"" + channel +
         "\" is closed: it was removed, its memory is damaged, or "
         "its broker has gone and the next one does not have it";
}

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
      continue;
    }
    std::array<char, 8> escape;
    std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
    out += escape.data();
  }
  return out;
}

}  // namespace busbar::cli
