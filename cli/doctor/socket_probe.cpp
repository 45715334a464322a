#include "cli/doctor/socket_probe.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <busbar/bus.hpp>
#include <busbar/error.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>

#include "cli/doctor/process_files.hpp"
#include "config/default_socket.hpp"

namespace busbar::cli {
namespace {

using State = SocketProbe::State;

constexpr std::chrono::seconds kPatience{3};

void note_rights(SocketProbe& probe, const std::string& path, const struct stat& status) {
  probe.denier = path;
  probe.owner = status.st_uid;
  probe.group = status.st_gid;
  probe.mode = status.st_mode & 07777;
}

/// The first folder on the way that the caller may not enter.
void note_denying_folder(SocketProbe& probe) {
  std::filesystem::path folder;
  for (const auto& part : std::filesystem::path(probe.path).parent_path()) {
    folder /= part;
    struct stat status {};
    if (::access(folder.c_str(), X_OK) == 0 || ::stat(folder.c_str(), &status) != 0) continue;
    return note_rights(probe, folder.string(), status);
  }
}

State state_of_connect_error(int error) {
  switch (error) {
    case ECONNREFUSED:
      return State::nobody_listens;
    case EACCES:
    case EPERM:
      return State::denied;
    case EPROTOTYPE:
      return State::other_program;
    case EAGAIN:
      return State::silent;
    case ENOENT:
      return State::missing;
    default:
      return State::failed;
  }
}

/// errno, 0 if somebody listens.
int connect_to(const std::string& path, int socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(socket, generic, sizeof address) == 0 ? 0 : errno;
}

/// Who called listen(), which under socket activation is the service manager.
pid_t listening_pid(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  const int result = ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size);
  return result == 0 ? credentials.pid : 0;
}

/// As the broker has written it beside its socket, for who may read it.
pid_t locking_pid(const std::string& path) {
  std::ifstream file(path + ".lock");
  pid_t pid = 0;
  return file >> pid ? pid : 0;
}

/// The broker among those that may be it: a number may be old, or of another PID namespace.
pid_t broker_among(std::initializer_list<pid_t> pids) {
  for (const pid_t pid : pids) {
    if (pid > 0 && process_name(pid) == "busbard") return pid;
  }
  return 0;
}

/// False if the answer stands already.
bool try_connect(SocketProbe& probe, pid_t service) {
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) {
    probe.state = State::failed;
    probe.words = std::strerror(errno);
    return false;
  }
  const int error = connect_to(probe.path, socket);
  if (error == 0) {
    const pid_t of_service = probe.path == config::kSystemSocket ? service : 0;
    probe.listener = broker_among({listening_pid(socket), locking_pid(probe.path), of_service});
  }
  ::close(socket);
  if (error == 0) return true;
  probe.state = state_of_connect_error(error);
  probe.words = std::strerror(error);
  return false;
}

State state_of(const Error& error) {
  switch (error.errc()) {
    case Errc::refused:
      return State::refused;
    case Errc::limit:
      return State::full;
    case Errc::version:
      return State::other_version;
    case Errc::protocol:
      return State::other_program;
    case Errc::timed_out:
      return State::silent;
    default:
      return State::failed;
  }
}

std::vector<ClientInfo> clients_for_admins(Bus& bus) {
  try {
    return bus.clients();
  } catch (const Error& error) {
    if (error.errc() != Errc::refused) throw;
    return {};
  }
}

void say_hello(SocketProbe& probe, const CommonOptions& options) {
  try {
    Bus bus = Bus::connect({.name = options.name,
                            .socket = probe.path,
                            .timeout = kPatience,
                            .wait = WaitPolicy::balanced});
    probe.broker = bus.broker();
    probe.channels = bus.channels();
    probe.clients = clients_for_admins(bus);
    probe.state = State::answers;
  } catch (const Error& error) {
    probe.state = state_of(error);
    probe.words = error.what();
    const char listener = process_state(probe.listener);
    probe.listener_stopped = listener == 'T' || listener == 't';
  }
}

}  // namespace

SocketProbe probe_socket(const std::string& path, const CommonOptions& options, pid_t service) {
  SocketProbe probe;
  probe.path = path;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == EACCES) {
      probe.state = State::denied;
      note_denying_folder(probe);
    } else if (errno != ENOENT && errno != ENOTDIR) {
      probe.state = State::failed;
      probe.words = std::strerror(errno);
    }
    return probe;
  }
  note_rights(probe, path, status);
  if (!S_ISSOCK(status.st_mode)) {
    probe.state = State::not_a_socket;
  } else if (try_connect(probe, service)) {
    say_hello(probe, options);
  }
  return probe;
}

}  // namespace busbar::cli
