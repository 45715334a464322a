#include "daemon/notification.hpp"

namespace busbar::daemon {
namespace {

/// The first line of the text, which is taken out of it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

bool Notification::has(std::string_view line) const {
  for (std::string_view rest = text_; !rest.empty();) {
    if (take_line(rest) == line) return true;
  }
  return false;
}

std::string Notification::value_of(std::string_view name) const {
  for (std::string_view rest = text_; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (line.size() > name.size() && line[name.size()] == '=' && line.starts_with(name)) {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace busbar::daemon
