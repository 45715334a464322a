#pragma once

namespace busbar::daemon {

/// What the process has to be before it serves: signals blocked for signalfd, SIGPIPE ignored,
/// little memory. Once, before any thread is started.
void set_up_process();

}  // namespace busbar::daemon
