#pragma once

#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

/// One of $LISTEN_FDS with its name in $LISTEN_FDNAMES.
struct NamedDescriptor {
  std::string name;
  UniqueFd fd;
};

}  // namespace busbar::daemon
