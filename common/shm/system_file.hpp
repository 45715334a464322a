#pragma once

#include <string>

namespace busbar::shm {

/// The first line of one of the kernel's small files; empty if it cannot be read.
std::string system_line(const char* path);

}  // namespace busbar::shm
