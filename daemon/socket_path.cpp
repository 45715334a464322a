#include "daemon/socket_path.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/base/error.hpp"
#include "config/default_socket.hpp"

namespace busbar::daemon {
namespace {

constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

void check_length(const std::string& path) {
  if (path.size() <= kLongestPath) return;
  throw Error(Errc::invalid_argument, "control socket " + path + " has " +
                                          std::to_string(path.size()) +
                                          " bytes; the system allows " +
                                          std::to_string(kLongestPath) + ": give a shorter path");
}

Error cannot(const std::string& what, const std::string& remedy) {
  const Error why = system_error("cannot " + what + " for the control socket", errno);
  return Error(why.errc(), std::string(why.what()) + "; " + remedy);
}

/// For those who may use the socket; the system's own folder is for everybody to look into.
mode_t folder_mode(const std::string& path, mode_t socket_mode) {
  if (path == config::kSystemSocket || (socket_mode & 0006) != 0) return 0755;
  return (socket_mode & 0060) != 0 ? 0750 : 0700;
}

/// Whether all for whom the socket was made may pass the folder. Members of the process's own group
/// are not meant unless somebody said so.
bool lets_pass(const struct stat& folder, const SocketRights& rights) {
  if ((folder.st_mode & S_IXOTH) != 0) return true;
  if ((rights.mode & 0006) != 0) return false;
  if ((rights.mode & 0060) == 0 || !rights.group) return true;
  return folder.st_gid == *rights.group && (folder.st_mode & S_IXGRP) != 0;
}

void warn_if_closed(const std::string& folder, const SocketRights& rights) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || lets_pass(status, rights)) return;
  spdlog::warn(
      "not all who may use the control socket (mode {:04o}) may pass its folder {} (mode {:04o}, "
      "group {}); change the folder's group and mode, or choose another path",
      rights.mode, folder, status.st_mode & 07777, status.st_gid);
}

void create_folder_of(const std::string& path, const SocketRights& rights) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) return;
  const mode_t mode = folder_mode(path, rights.mode);
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return warn_if_closed(folder, rights);
    throw cannot("create " + folder, "give --socket or set XDG_RUNTIME_DIR");
  }
  if (rights.group && ::chown(folder.c_str(), static_cast<uid_t>(-1), *rights.group) != 0) {
    throw cannot("give " + folder + " to the group " + std::to_string(*rights.group),
                 "busbard has to be a member of bus.socket_group, or root");
  }
  if (::chmod(folder.c_str(), mode) != 0) throw system_error("chmod of " + folder, errno);
}

}  // namespace

std::string prepare_socket_path(const std::string& given, const SocketRights& rights) {
  // Absolute: what is named after it must not depend on where the broker was started.
  const std::string path =
      std::filesystem::absolute(given.empty() ? config::default_socket() : given)
          .lexically_normal()
          .string();
  check_length(path);
  create_folder_of(path, rights);
  return path;
}

}  // namespace busbar::daemon
