#include "daemon/peer.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/error.hpp"

namespace busbar::daemon {
namespace {

#ifndef SO_PEERPIDFD
constexpr int SO_PEERPIDFD = 77;
#endif

constexpr std::size_t kMostGroups = 1024;

bool says_dead(int error) noexcept {
  return error == ESRCH || error == ENODATA;
}

bool out_of_descriptors(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/// Race-free where the kernel has it; otherwise the pid may already be somebody else's, which the
/// start time in the hello would show.
UniqueFd pidfd_of(int socket, pid_t pid, int& error) {
  int fd = -1;
  socklen_t size = sizeof fd;
  error = 0;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0) return UniqueFd(fd);
  error = errno;
  if (error != ENOPROTOOPT || pid == 0) return UniqueFd();
  UniqueFd opened(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  error = opened ? 0 : errno;
  return opened;
}

/// As many as the kernel says, which is asked again if there are more than guessed.
std::vector<std::uint32_t> supplementary_groups(int socket) {
  static_assert(sizeof(gid_t) == sizeof(std::uint32_t));
  std::vector<std::uint32_t> groups(32);
  for (;;) {
    socklen_t size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int result = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    if (result != 0 && errno != ERANGE) return {};
    groups.resize(size / sizeof(gid_t));
    if (result == 0) return groups;
  }
}

/// A user namespace gives anybody as many groups as he has subordinate ids; to look at all of them
/// would cost the others their time.
std::vector<std::uint32_t> groups_of(int socket, gid_t primary) {
  std::vector<std::uint32_t> groups = supplementary_groups(socket);
  if (!std::is_sorted(groups.begin(), groups.end())) {
    groups.resize(std::min(groups.size(), kMostGroups));
    std::sort(groups.begin(), groups.end());
  }
  groups.resize(std::min(groups.size(), kMostGroups));
  groups.insert(std::lower_bound(groups.begin(), groups.end(), primary), primary);
  groups.shrink_to_fit();
  return groups;
}

}  // namespace

Peer peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    throw system_error("SO_PEERCRED", errno);
  }
  Peer peer{credentials.pid, credentials.uid};
  peer.groups = groups_of(socket, credentials.gid);
  int error = 0;
  peer.pidfd = pidfd_of(socket, peer.pid, error);
  if (out_of_descriptors(error)) throw system_error("SO_PEERPIDFD", error);
  peer.dead = says_dead(error);
  return peer;
}

}  // namespace busbar::daemon
