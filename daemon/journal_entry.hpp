#pragma once

#include <string>
#include <string_view>

namespace busbar::daemon {

/// One entry of the journal as its native protocol has it: fields, in a datagram. A plain value.
class JournalEntry {
 public:
  /// `name` is of capital letters, digits and underscores; `value` is any bytes.
  void add(std::string_view name, std::string_view value);

  const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace busbar::daemon
