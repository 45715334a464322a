#pragma once

// In the source tree this is common/base/outcome.hpp; installed, busbar/common/base/outcome.hpp.
#include "common/base/outcome.hpp"
