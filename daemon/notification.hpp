#pragma once

#include <string>
#include <string_view>

namespace busbar::daemon {

/// Lines of NAME=VALUE, as sd_notify(3) sends them. The text has to outlive it.
class Notification {
 public:
  explicit Notification(std::string_view text) noexcept : text_(text) {}

  bool has(std::string_view line) const;
  /// Of the first line with this name; empty without one.
  std::string value_of(std::string_view name) const;

 private:
  std::string_view text_;
};

}  // namespace busbar::daemon
