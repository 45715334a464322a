#include "tests/support/listening_socket.hpp"

#include <sys/un.h>

#include <stdexcept>

namespace busbar::test {

UniqueFd listening_socket(const std::string& path, int type) {
  UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    throw std::runtime_error("cannot listen at " + path);
  }
  return socket;
}

}  // namespace busbar::test
