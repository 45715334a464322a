#pragma once

#include "common/base/pause.hpp"

namespace busbar::sync {

inline void pause() noexcept {
  spin_pause();
}

}  // namespace busbar::sync
