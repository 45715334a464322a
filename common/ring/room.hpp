#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::ring {

/// One open claim: where it is and how large its payload may be.
struct Room {
  std::uint64_t position = 0;
  std::uint64_t size = 0;
};

}  // namespace busbar::ring
