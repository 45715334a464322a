#include "config/default_socket.hpp"

#include <unistd.h>

#include <cstdlib>

namespace busbar::config {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string default_socket() {
  if (const std::string named = environment("BUSBAR_SOCKET"); !named.empty()) return named;
  const std::string runtime = environment("XDG_RUNTIME_DIR");
  if (!runtime.empty() && ::access(runtime.c_str(), W_OK | X_OK) == 0) {
    return runtime + "/busbar/control.sock";
  }
  return kSystemSocket;
}

}  // namespace busbar::config
