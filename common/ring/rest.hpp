// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/ring/waiting.hpp"

namespace busbar::ring {

/// Rests as `waiting` says next; false if it is time to sleep.
bool rest(Waiting& waiting) noexcept;

}  // namespace busbar::ring
