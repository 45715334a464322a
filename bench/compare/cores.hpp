#pragma once

namespace compare {

/// Pins the caller to the first (0) or second (1) core that this program may use.
void pin_to(int which);

}  // namespace compare
