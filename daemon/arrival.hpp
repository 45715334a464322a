#pragma once

#include "common/base/unique_fd.hpp"
#include "daemon/peer.hpp"

namespace busbar::daemon {

/// A client that has connected and said nothing yet.
struct Arrival {
  UniqueFd socket;
  Peer peer;
};

}  // namespace busbar::daemon
