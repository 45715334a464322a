#include "daemon/session_fields.hpp"

#include <string>

namespace busbar::daemon {

LogFields about(const Session& session) {
  return LogFields{{"BUSBAR_CLIENT", session.name()},
                   {"BUSBAR_PID", std::to_string(session.pid())},
                   {"BUSBAR_UID", std::to_string(session.peer().uid)}};
}

}  // namespace busbar::daemon
