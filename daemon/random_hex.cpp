#include "daemon/random_hex.hpp"

#include <sys/random.h>

#include <cerrno>
#include <vector>

#include "common/base/error.hpp"

namespace busbar::daemon {

std::string random_hex(std::size_t bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::vector<unsigned char> raw(bytes);
  if (::getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(bytes)) {
    throw system_error("getrandom", errno);
  }
  std::string text;
  for (const unsigned char byte : raw) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace busbar::daemon
