#pragma once

#include <sys/socket.h>

#include <string>

#include "common/base/unique_fd.hpp"

namespace busbar::test {

/// Listens at the path, as a service manager or a program that is no broker does. Throws
/// std::runtime_error.
UniqueFd listening_socket(const std::string& path, int type = SOCK_SEQPACKET);

}  // namespace busbar::test
