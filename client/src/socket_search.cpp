#include "client/src/socket_search.hpp"

#include <cstdlib>

#include "common/base/error.hpp"
#include "common/control/packet_socket.hpp"

namespace busbar {
std::vector<std::string> socket_candidates(const std::string& wanted) {
  if (!wanted.empty()) return {wanted};
  const char* variable = std::getenv("BUSBAR_SOCKET");
  if (variable != nullptr && *variable != '\0') return {variable};
  std::vector<std::string> paths;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime != '\0') {
    paths.push_back(std::string(runtime) + "/busbar/control.sock");
  }
  paths.emplace_back("/run/busbar/control.sock");
  return paths;
}

FoundSocket find_broker(const std::string& wanted, const Deadline& deadline) {
  std::string tried;
  for (const std::string& path : socket_candidates(wanted)) {
    try {
      return {path, control::connect_to(path, deadline)};
    } catch (const Error& error) {
      if (error.errc() == Errc::timed_out) throw;
      const bool foreign = error.code() == Errc::refused;
      tried +=
          (tried.empty() ? "" : "; ") + std::string(error.what()) +
          (foreign ? " (a broker of another user: ask for access, or run one of your own)" : "");
    }
  }
  throw Error(Errc::no_broker, "no broker answers: " + tried +
                                   ". Start busbard, or name its socket (--socket, "
                                   "BUSBAR_SOCKET)");
}

}  // namespace busbar
