#pragma once

#include "daemon/log_fields.hpp"
#include "daemon/session.hpp"

namespace busbar::daemon {

/// A scope: what is logged in it is about this client.
LogFields about(const Session& session);

}  // namespace busbar::daemon
