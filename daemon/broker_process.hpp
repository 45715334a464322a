#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "common/base/unique_fd.hpp"
#include "daemon/named_descriptor.hpp"
#include "daemon/program.hpp"

namespace busbar::daemon {

/// What a broker gets from its supervisor, beside the command line.
struct Inheritance {
  const std::vector<NamedDescriptor>& sockets;
  const std::map<std::string, UniqueFd>& stored;
  int notify_place;  // SupervisorSocket::place()
};

/// Starts the program as a child, with descriptors as sd_listen_fds(3) wants them, and
/// $NOTIFY_SOCKET and $BUSBAR_FDSTORE. SIGTERM, SIGINT and SIGHUP, which have to be blocked, stay
/// so: what comes while it starts is not lost, and does not kill it. Only for a process of one
/// thread. Throws Errc::system.
pid_t start_broker(const Program& program, const Inheritance& inheritance);

}  // namespace busbar::daemon
