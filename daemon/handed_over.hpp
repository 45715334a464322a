#pragma once

#include <optional>
#include <vector>

#include "daemon/endpoint.hpp"
#include "daemon/named_descriptor.hpp"

namespace busbar::daemon {

/// What a service manager has opened or kept for this process.
struct HandedOver {
  std::optional<Endpoint> socket;
  /// Memory that an earlier process gave it to keep (DescriptorStore).
  std::vector<NamedDescriptor> stored;
};

/// $LISTEN_FDS and $LISTEN_FDNAMES, as sd_listen_fds(3) says: a listening SOCK_SEQPACKET Unix
/// socket with a path, and memory. What is neither a socket nor memory is closed and logged. Throws
/// Errc::invalid_argument if there are other sockets. Once, before any thread is started: it takes
/// the variables out of the environment.
HandedOver take_handed_over();

/// All of it, whatever it is, for who passes it on. Close-on-exec; once, as above.
std::vector<NamedDescriptor> take_all_handed_over();

}  // namespace busbar::daemon
