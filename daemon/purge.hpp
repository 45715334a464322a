#pragma once

#include <cstddef>
#include <string>

namespace busbar::daemon {

/// Removes all that brokers of this bus and socket, which are gone, have left: the ledger, channels
/// (whose members are told that they are closed), what was set aside, and the socket if nobody
/// listens there. Returns how many files of /dev/shm. Throws Errc::in_use, naming it, if a broker
/// serves the socket.
std::size_t purge(const std::string& bus, const std::string& socket);

}  // namespace busbar::daemon
