#pragma once

#include <string>
#include <system_error>

#include "export.hpp"

namespace busbar {

/// What went wrong in a set-up call, or which rule a caller broke. Stable numbers.
enum class Errc : int {
  no_broker = 1,         ///< no broker answers on any of the sockets that were tried
  refused = 2,           ///< the configuration does not allow this caller to do this
  protocol = 3,          ///< the peer does not keep the control protocol
  version = 4,           ///< library, broker and channel have no version in common
  invalid_name = 5,      ///< not a channel, bus or client name
  invalid_argument = 6,  ///< an option outside of its limits
  no_such_channel = 7,
  channel_exists = 8,  ///< a channel of this name exists with other settings
  limit = 9,           ///< a configured limit (memory, clients, channels, seats) is reached
  in_use = 10,         ///< somebody holds it (named in the text)
  too_large = 11,      ///< a message beyond the channel's max_message
  timed_out = 12,      ///< the broker did not answer in time
  misuse = 13,         ///< a moved-from handle, a claim committed twice, ...
  system = 14,         ///< a system call failed; the text has its name and errno's words
  damaged = 15,        ///< a segment whose bytes make no sense
  forked = 16,         ///< a handle used in a child after fork
};

BUSBAR_EXPORT const std::error_category& error_category() noexcept;

inline std::error_code make_error_code(Errc errc) noexcept {
  return {static_cast<int>(errc), error_category()};
}

/// Thrown by set-up calls and on misuse. what() names the object, the limit and the remedy.
/// Thread-safe like any exception object; owns its text.
class BUSBAR_EXPORT Error : public std::system_error {
 public:
  Error(Errc errc, const std::string& text);
  ~Error() override;

  /// The same as code(), as the enumeration.
  Errc errc() const noexcept { return static_cast<Errc>(code().value()); }

  /// The text alone, without the category's words behind it.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// An Error of Errc::system: "WHAT: words of errno".
BUSBAR_EXPORT Error system_error(const std::string& what, int errno_value);

}  // namespace busbar

template <>
struct std::is_error_code_enum<busbar::Errc> : std::true_type {};
