#pragma once

#include <cstddef>
#include <string>

namespace busbar::daemon {

/// Twice `bytes` hexadecimal digits of the kernel's randomness. Throws Errc::system. Any thread.
std::string random_hex(std::size_t bytes);

}  // namespace busbar::daemon
