#pragma once

#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar::daemon {

/// Where clients come in.
struct Endpoint {
  std::string path;
  /// The listening socket there, if a service manager has opened it; nothing: it is to be bound.
  UniqueFd handed_over = {};
};

}  // namespace busbar::daemon
