#include "daemon/socket_path.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

constexpr const char* kSystemSocket = "/run/busbar/control.sock";
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string choose(const std::string& given) {
  if (!given.empty()) return given;
  if (const std::string named = environment("BUSBAR_SOCKET"); !named.empty()) return named;
  const std::string runtime = environment("XDG_RUNTIME_DIR");
  if (!runtime.empty() && ::access(runtime.c_str(), W_OK | X_OK) == 0) {
    return runtime + "/busbar/control.sock";
  }
  return kSystemSocket;
}

void check_length(const std::string& path) {
  if (path.size() <= kLongestPath) return;
  throw Error(Errc::invalid_argument, "control socket " + path + " has " +
                                          std::to_string(path.size()) +
                                          " bytes; the system allows " +
                                          std::to_string(kLongestPath) + ": give a shorter path");
}

/// The system's own folder is for clients of every user, any other one for its owner.
void create_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) return;
  const mode_t mode = path == kSystemSocket ? 0755 : 0700;
  if (::mkdir(folder.c_str(), mode) == 0) {
    ::chmod(folder.c_str(), mode);  // mkdir's mode went through the umask
  } else if (errno != EEXIST) {
    const Error why = system_error("cannot create " + folder + " for the control socket", errno);
    throw Error(why.errc(), std::string(why.what()) + "; give --socket or set XDG_RUNTIME_DIR");
  }
}

}  // namespace

std::string prepare_socket_path(const std::string& given) {
  // Absolute: what is named after it must not depend on where the broker was started.
  const std::string path = std::filesystem::absolute(choose(given)).lexically_normal().string();
  check_length(path);
  create_folder_of(path);
  return path;
}

}  // namespace busbar::daemon
