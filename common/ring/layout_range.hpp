#pragma once

#include <cstdint>

namespace busbar::ring {

/// Versions of the layout that this build can serve; new channels get the newest.
struct LayoutRange {
  std::uint32_t oldest = 0;
  std::uint32_t newest = 0;

  bool serves(std::uint32_t version) const noexcept {
    return version >= oldest && version <= newest;
  }
};

LayoutRange served_layouts() noexcept;

}  // namespace busbar::ring
