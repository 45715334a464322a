#pragma once

#include "common/base/export.hpp"

#include "common/base/version.hpp"

namespace busbar {

/// Version of the library that is running (a shared one may be newer than these headers).
BUSBAR_EXPORT const char* library_version() noexcept;

}  // namespace busbar
