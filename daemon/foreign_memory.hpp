#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "common/shm/segment.hpp"

namespace busbar::daemon {

/// The segments of a channel whose layout this broker cannot serve. Its members go on among
/// themselves; nobody joins, nothing in there is read or mended.
class ForeignMemory {
 public:
  ForeignMemory(shm::Segment ring, shm::Segment seats, std::uint32_t layout)
      : ring_(std::move(ring)), seats_(std::move(seats)), layout_(layout) {}

  std::uint32_t layout() const noexcept { return layout_; }
  void unlink() noexcept {
    ring_.unlink();
    seats_.unlink();
  }

 private:
  shm::Segment ring_, seats_;
  std::uint32_t layout_;
};

}  // namespace busbar::daemon
