#pragma once

#include <string>

#include "daemon/channel.hpp"
#include "daemon/session.hpp"

namespace busbar::daemon {

/// For the log: that a client is stopped and holds up another one, by which of its places, and what
/// to do about it. Empty if it is not stopped as far as can be seen: then it is slow, which is no
/// news.
std::string held_up_text(const Channel& channel, const Session& waiting, const Session& holder,
                         Place by);

}  // namespace busbar::daemon
