#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace compare {

[[noreturn]] inline void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// After a call that does not wait: nothing was there, or no room.
inline bool is_in_vain() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace compare
