#pragma once

#include <optional>

#include "daemon/endpoint.hpp"

namespace busbar::daemon {

/// The listening socket that a service manager has opened for this process ($LISTEN_FDS, as
/// sd_listen_fds(3) says), if any. Throws Errc::invalid_argument if it handed over anything but one
/// listening SOCK_SEQPACKET Unix socket with a path. Once, before any thread is started: it takes
/// the variables out of the environment.
std::optional<Endpoint> handed_over_socket();

}  // namespace busbar::daemon
