#pragma once

#include <sys/types.h>

namespace busbar::daemon {

/// Where a channel's settings come from.
enum class Origin { config, request, defaults };

/// Who made a channel, and how.
struct Creator {
  uid_t user = 0;
  Origin origin = Origin::config;
};

}  // namespace busbar::daemon
