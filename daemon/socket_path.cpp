#include "daemon/socket_path.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/base/error.hpp"
#include "common/base/unique_fd.hpp"
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

/// Whoever may rename what is in the folder may put something else in the socket's place.
void require_trusted(const std::string& folder, const struct stat& status) {
  const bool is_ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  const bool is_sticky = (status.st_mode & S_ISVTX) != 0;
  const bool others_write = (status.st_mode & S_IWOTH) != 0 && !is_sticky;
  if (is_ours && !others_write) return;
  throw Error(Errc::invalid_argument,
              "the control socket's folder " + folder +
                  (is_ours ? " can be written by everybody, and is not sticky"
                           : " belongs to user " + std::to_string(status.st_uid)) +
                  ": others could put something else in the socket's place; give a folder of the "
                  "broker's own user or of root");
}

void warn_if_closed(const std::string& folder, const struct stat& status,
                    const SocketRights& rights) {
  if (lets_pass(status, rights)) return;
  spdlog::warn(
      "not all who may use the control socket (mode {:04o}) may pass its folder {} (mode {:04o}, "
      "group {}); change the folder's group and mode, or choose another path",
      rights.mode, folder, status.st_mode & 07777, status.st_gid);
}

void use_folder(const std::string& folder, const SocketRights& rights) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) throw system_error("stat of " + folder, errno);
  require_trusted(folder, status);
  warn_if_closed(folder, status, rights);
}

/// By its descriptor: whoever owns the folder above may have put another in its place.
void set_rights(const std::string& folder, mode_t mode, const SocketRights& rights) {
  const UniqueFd made(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!made || ::fstat(made.get(), &status) != 0) throw system_error("open of " + folder, errno);
  require_trusted(folder, status);
  if (rights.group && ::fchown(made.get(), static_cast<uid_t>(-1), *rights.group) != 0) {
    throw cannot("give " + folder + " to the group " + std::to_string(*rights.group),
                 "busbard has to be a member of bus.socket_group, or root");
  }
  if (::fchmod(made.get(), mode) != 0) throw system_error("chmod of " + folder, errno);
}

void create_folder_of(const std::string& path, const SocketRights& rights) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) return;
  if (::mkdir(folder.c_str(), 0700) == 0) {
    return set_rights(folder, folder_mode(path, rights.mode), rights);
  }
  if (errno == EEXIST) return use_folder(folder, rights);
  throw cannot("create " + folder, "give --socket or set XDG_RUNTIME_DIR");
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
